"""The storage for a root: from the text of a setting to the object that reads from it."""

from pathlib import Path

from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage


def storage_at(
    root: str | None, listing_url: str | None = None, token: str | None = None, endpoint: str | None = None
) -> Storage:
    """Return the storage for a root, without reading anything yet.

    Args:
        root: An http(s) URL, `hf://datasets/owner/name[/path][@revision]`, `s3://bucket/folder`, `gs://bucket/folder`,
            the path of a zip file or of a folder, or null for the bundled sample. A relative path starts in the working
            directory.
        listing_url: Address of a bucket's JSON listing, if it is not at the usual place on the root's host.
        token: Token for a private repo of the Hugging Face Hub.
        endpoint: Address of the Hub; null for huggingface.co.

    Raises:
        ConfigurationError: the root is a URL, but not the address of a bucket or of a dataset repo.
    """
    if root is None:
        return ArchiveStorage(HELM_SAMPLE)
    if root.startswith("hf://"):
        from every_eval.storage.hugging_face import HuggingFaceStorage  # so is the Hub's client

        return HuggingFaceStorage(root.rstrip("/"), token, endpoint)
    if root.startswith(("s3://", "gs://")):
        from every_eval.storage.object_store import ObjectStoreStorage  # so are fsspec and the packages behind it

        return ObjectStoreStorage(root.rstrip("/"))
    if "://" in root:
        from every_eval.storage.bucket import BucketStorage  # requests is slow to import, and not always needed

        return BucketStorage(root, listing_url)
    path = Path(root).absolute()
    return ArchiveStorage(path) if path.suffix == ".zip" and not path.is_dir() else FolderStorage(path)
