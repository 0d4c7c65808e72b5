"""Results in a public bucket of Google Cloud Storage, or in an HTTP mirror of a bucket."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO
from urllib.parse import quote, unquote

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.client import Client, Limits
from every_eval.network.content import Digested
from every_eval.network.redaction import redact
from every_eval.network.version import Version, version_of_headers, version_of_witness
from every_eval.storage.bucket_listing import BucketListing
from every_eval.storage.storage import UNUSABLE_NAME, SkippedEntry, Storage, StoredObject, is_object_name, is_prefix

logger = logging.getLogger(__name__)


class BucketStorage(Storage):
    """The bucket at `https://{host}/{bucket}`, or a folder in the bucket, read without credentials.

    Where there is no listing, each object is asked for by its name: its headers state what a listing would.
    """

    def __init__(self, root_url: str, listing_url: str | None = None, limits: Limits | None = None) -> None:
        """Send no request yet.

        Args:
            root_url: Address of the bucket or of the folder, http or https.
            listing_url: Address of the listing by the JSON API, `…/b/{bucket}/o`; by default on the root's host.
            limits: Limits on what is asked of the server.

        Raises:
            ConfigurationError: an address is not the address of a bucket.
        """
        self._arguments = (root_url, listing_url, limits)
        self._root_url = root_url.rstrip("/")
        bucket, self._folder = _bucket_and_folder(self._root_url, listing_url)
        host = _parsed(self._root_url)
        default = f"{host.scheme}://{host.netloc}/storage/v1/b/{quote(bucket, safe='')}/o"
        self._client = Client(limits or Limits())
        self._listing = BucketListing(self._client, listing_url or default)

    @property
    def location(self) -> str:
        return self._root_url

    @property
    def is_remote(self) -> bool:
        return True

    @property
    def can_list(self) -> bool:
        return self._listing.is_there

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for item in self._listing.objects(self._folder + self._checked(prefix)):
            name = item.name.removeprefix(self._folder)
            if is_object_name(name):
                yield _stored(name, item.version)
            elif _is_unusable(name):
                logger.warning("%s: left out the object %r, because a file cannot have its name.", self.location, name)

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        parent = self._folder + self._checked(prefix)
        names = (folder.removeprefix(parent).removesuffix("/") for folder in self._listing.folders(parent))
        return tuple(sorted(name for name in names if is_object_name(name)))

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        objects = self._listing.objects(self._folder + self._checked(prefix))
        names = (item.name.removeprefix(self._folder) for item in objects)
        return [SkippedEntry(name, UNUSABLE_NAME) for name in names if _is_unusable(name)]

    def stat(self, name: str) -> StoredObject | None:
        if not is_object_name(name):
            return None
        try:
            return _stored(name, version_of_headers(self._client.head(self._url(name))))
        except FileNotFoundError:
            return None

    def read(self, name: str, witness: str | None = None) -> bytes:
        with self.open(name, witness) as file:
            return file.read()

    def read_if_changed(self, name: str, witness: str | None) -> tuple[str, bytes] | None:
        known = self._expected(name, witness)
        found = self._client.get_if_changed(self._url(name), Version(encoding=known.encoding), known)
        if found is None:
            return None
        content, version = found
        with content.file as file:
            return version.witness, file.read()

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        return self._get(name, witness, md5).file

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        expected = self._expected(name, witness)
        with self._gone(name, witness):
            return self._client.get_range(self._url(name), expected, start, stop)

    def open_digested(self, name: str, witness: str) -> Digested:
        return self._get(name, witness, None)

    def __reduce__(self) -> tuple[type["BucketStorage"], tuple[str, str | None, Limits | None]]:
        """Pickle without the connections."""
        return BucketStorage, self._arguments

    def _get(self, name: str, witness: str | None, md5: str | None) -> Digested:
        expected = self._expected(name, witness)
        if md5 is not None:
            expected = Version(encoding=expected.encoding)
        with self._gone(name, witness):
            return self._client.get(self._url(name), expected, md5)

    def _expected(self, name: str, witness: str | None) -> Version:
        """What is known of an object that is to be read."""
        if not is_object_name(name):
            raise FileNotFoundError(f"No object in {self.location} can have the name {name!r}.")
        return Version() if witness is None else version_of_witness(witness)

    @contextmanager
    def _gone(self, name: str, witness: str | None) -> Iterator[None]:
        """Raise another error for an object that was listed and is not there."""
        try:
            yield
        except FileNotFoundError as error:
            if witness is None:
                raise
            raise UpstreamUnavailable(f"{redact(self._url(name))} has gone since it was listed.") from error

    def _url(self, name: str) -> str:
        return f"{self._root_url}/{quote(name, safe='/')}"

    def _checked(self, prefix: str) -> str:
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is not the name of a folder in {self.location}.")
        return prefix


def _bucket_and_folder(root_url: str, listing_url: str | None) -> tuple[str, str]:
    """Return the bucket's name, and what stands before the names of the root's objects in the listing."""
    bucket, _, folder = unquote(_parsed(root_url).path or "").strip("/").partition("/")
    if listing_url is None:
        return bucket, f"{folder}/" if folder else ""
    _parsed(listing_url)
    if f"/b/{quote(bucket, safe='')}/" not in listing_url:
        return bucket, ""  # the root is a mirror, whose path does not tell which bucket is listed
    return bucket, f"{folder}/" if folder else ""


def _is_unusable(name: str) -> bool:
    """Whether the name tells of a file that cannot be read; some programs keep an empty folder as `name/`."""
    return not name.endswith("/") and not is_object_name(name)


def _parsed(url: str) -> Url:
    """Return the parts of a bucket's address."""
    message = f"{redact(url)!r} is not the address of a bucket. Write it as https://host/bucket."
    try:
        parsed = parse_url(url)
    except LocationParseError as error:
        raise ConfigurationError(message) from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise ConfigurationError(message)
    if parsed.auth:
        raise ConfigurationError(
            f"{redact(url)} holds a user name or password. Buckets are read anonymously: leave it out."
        )
    return parsed


def _stored(name: str, version: Version) -> StoredObject:
    md5 = version.md5 if version.encoding is None else None
    return StoredObject(name=name, size=version.size, witness=version.witness, md5=md5)
