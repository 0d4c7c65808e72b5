"""Results in a public bucket of Google Cloud Storage, or in an HTTP mirror of one."""

import logging
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote, unquote, urlsplit

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.client import Client, Limits
from every_eval.network.content import Digested
from every_eval.network.version import Version, version_of_headers, version_of_witness
from every_eval.storage.listing import Listing
from every_eval.storage.storage import StoredObject, is_object_name, is_prefix

logger = logging.getLogger(__name__)


class BucketStorage:
    """`https://{host}/{bucket}`, possibly with a folder in it, read without credentials.

    Where there is no listing, objects are found by asking for each: their headers say what a listing would.
    """

    def __init__(self, root_url: str, listing_url: str | None = None, limits: Limits | None = None) -> None:
        """Asks nothing of the server yet.

        Args:
            root_url: Of http or https.
            listing_url: Of the JSON API's objects, `…/b/{bucket}/o`; by default at that place on the root's host.
            limits: On what is asked of the server; by default those of `Limits`.

        Raises:
            ConfigurationError: an address is none.
        """
        self._arguments = (root_url, listing_url, limits)
        self._root_url = root_url.rstrip("/")
        bucket, self._folder = _bucket_and_folder(self._root_url, listing_url)
        split = urlsplit(self._root_url)
        default = f"{split.scheme}://{split.netloc}/storage/v1/b/{quote(bucket, safe='')}/o"
        self._client = Client(limits or Limits())
        self._listing = Listing(self._client, listing_url or default)

    @property
    def location(self) -> str:
        """The root's URL."""
        return self._root_url

    @property
    def is_remote(self) -> bool:
        """See `Storage.is_remote`."""
        return True

    @property
    def can_list(self) -> bool:
        """See `Storage.can_list`; asked once."""
        return self._listing.is_there

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See `Storage.list`."""
        for item in self._listing.items(self._folder + self._checked(prefix)):
            name = item.name.removeprefix(self._folder)
            if is_object_name(name):
                yield _stored(name, item.version)
            elif not name.endswith("/"):  # such a name is how some programs keep an empty folder
                logger.warning("%s holds %r, which cannot be a file's name: left out", self._root_url, name)

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        """See `Storage.list_folders`."""
        parent = self._folder + self._checked(prefix)
        names = (folder.removeprefix(parent).removesuffix("/") for folder in self._listing.folders(parent))
        return tuple(sorted(name for name in names if is_object_name(name)))

    def stat(self, name: str) -> StoredObject | None:
        """See `Storage.stat`."""
        if not is_object_name(name):
            return None
        try:
            return _stored(name, version_of_headers(self._client.head(self._url(name))))
        except FileNotFoundError:
            return None

    def read(self, name: str, witness: str | None = None) -> bytes:
        """See `Storage.read`."""
        with self.open(name, witness) as file:
            return file.read()

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        """See `Storage.open`; complete and checked before it is returned."""
        return self._get(name, witness, md5).file

    def open_digested(self, name: str, witness: str) -> Digested:
        """See `Storage.open_digested`; what arrives is hashed anyway."""
        return self._get(name, witness, None)

    def __reduce__(self) -> tuple[type["BucketStorage"], tuple[str, str | None, Limits | None]]:
        """Pickled without its connections."""
        return BucketStorage, self._arguments

    def _get(self, name: str, witness: str | None, md5: str | None) -> Digested:
        if not is_object_name(name):
            raise FileNotFoundError(f"{name!r} is no name of an object in {self._root_url}")
        expected = Version() if witness is None else version_of_witness(witness)
        if md5 is not None:
            expected = Version(encoding=expected.encoding)
        try:
            return self._client.get(self._url(name), expected, md5)
        except FileNotFoundError as error:
            if witness is None:
                raise
            raise UpstreamUnavailable(f"{self._url(name)} has gone since it was listed") from error

    def _url(self, name: str) -> str:
        return f"{self._root_url}/{quote(name, safe='/')}"

    def _checked(self, prefix: str) -> str:
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is no folder in {self._root_url}")
        return prefix


def _bucket_and_folder(root_url: str, listing_url: str | None) -> tuple[str, str]:
    """The bucket's name, and what comes before the names of the root's objects in its listing."""
    for url in (root_url, listing_url or root_url):
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.netloc or split.query or split.fragment:
            raise ConfigurationError(f"{url!r} is no address of a bucket: write it as https://host/bucket")
    bucket, _, folder = unquote(urlsplit(root_url).path).strip("/").partition("/")
    if listing_url is not None and f"/b/{quote(bucket, safe='')}/" not in listing_url:
        return bucket, ""  # a mirror: its paths say nothing of the bucket that is listed
    return bucket, f"{folder}/" if folder else ""


def _stored(name: str, version: Version) -> StoredObject:
    md5 = version.md5 if version.encoding is None else None
    return StoredObject(name=name, size=version.size, witness=version.witness, md5=md5)
