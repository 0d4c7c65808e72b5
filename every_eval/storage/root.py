"""From the setting that names a root to the storage that reads it."""

from pathlib import Path

from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage


def storage_at(root: str | None, listing_url: str | None = None) -> Storage:
    """The storage for a root: an http(s) URL, a zip file, a folder, or none for the bundled sample.

    Args:
        root: As the setting has it; a relative path is from the working directory.
        listing_url: Of a bucket's JSON listing, if it is not where the root's host has it.

    Raises:
        ConfigurationError: it is a URL, and not one of a bucket. Nothing is looked up yet.
    """
    if root is None:
        return ArchiveStorage(HELM_SAMPLE)
    if "://" in root:
        from every_eval.storage.bucket import BucketStorage  # requests is slow to import, and not always needed

        return BucketStorage(root, listing_url)
    path = Path(root).absolute()
    return ArchiveStorage(path) if path.suffix == ".zip" and not path.is_dir() else FolderStorage(path)
