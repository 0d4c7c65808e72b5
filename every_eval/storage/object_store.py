"""Results in a bucket of Amazon S3 or Google Cloud Storage, read with credentials through fsspec.

s3fs and gcsfs find the credentials where the tools of their providers keep them. Their other options are environment
variables of fsspec, such as `FSSPEC_S3_ANON=true` or `FSSPEC_S3_ENDPOINT_URL`.
"""

import base64
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import BytesIO
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final, cast

import fsspec

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.content import MEMORY_BYTES, Digested, checked, digested
from every_eval.network.redaction import redact
from every_eval.storage.storage import (
    UNUSABLE_NAME,
    SkippedEntry,
    Storage,
    StoredObject,
    expected,
    is_object_name,
    is_prefix,
)

Info = Mapping[str, Any]
"""What fsspec says of an object: `name`, `size` and `type`, and further fields by the kind of the store."""

SCHEMES: Final = {"s3": "s3", "gs": "gcs"}
"""Schemes of addresses, each with the extra of every_eval that installs its package."""
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {"s3": {"config_kwargs": {"retries": {"total_max_attempts": 1}}}}
"""Options of the packages by scheme: s3fs sends a request up to five times, and botocore each of these five times."""
_ADDRESS: Final = re.compile(r"(?P<scheme>[a-z0-9]+)://(?P<bucket>[\w.-]+)(?P<folder>(?:/[^/?#]+)*)/?", re.ASCII)
_VERSIONS: Final = ("generation", "ETag", "etag")
"""Fields that change with the content, the best first."""
_TIMES: Final = ("LastModified", "updated", "mtime", "created")
_ERRORS: Final = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"),
)
"""Errors of the packages behind fsspec that are no OSError."""


@dataclass(frozen=True)
class ObjectStoreStorage(Storage):
    """A bucket, or a folder in it."""

    address: str
    """`s3://bucket/folder` or `gs://bucket/folder`."""

    def __post_init__(self) -> None:
        """Send nothing.

        Raises:
            ConfigurationError: the address names no bucket.
        """
        if not _ADDRESS.fullmatch(self.address):
            raise ConfigurationError(
                f"{redact(self.address)!r} is not the address of a bucket. Write it as s3://bucket/folder or "
                "gs://bucket/folder, without credentials."
            )

    @property
    def location(self) -> str:
        return self.address

    @property
    def is_remote(self) -> bool:
        return True

    @property
    def can_list(self) -> bool:
        return True

    def list(self, prefix: str) -> Iterator[StoredObject]:
        named = {name: info for name, info in self._below(prefix).items() if is_object_name(name)}
        return (_stored(name, named[name]) for name in sorted(named))

    def list_folders(self, prefix: str) -> Sequence[str]:
        path = self._path(self._checked(prefix)).rstrip("/")
        with self._asking(f"list {path}"):
            try:
                found = self._files.ls(path, detail=True)
            except (FileNotFoundError, NotADirectoryError):
                return []
        names = {info["name"].rstrip("/").rpartition("/")[2] for info in found if info["type"] == "directory"}
        return sorted(name for name in names if is_object_name(name))

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        return [SkippedEntry(name, UNUSABLE_NAME) for name in sorted(self._below(prefix)) if not is_object_name(name)]

    def stat(self, name: str) -> StoredObject | None:
        if not is_object_name(name):
            return None
        with self._asking(f"look up {name}"):
            try:
                info = self._files.info(self._path(name))
            except (FileNotFoundError, NotADirectoryError):
                return None
        return _stored(name, info) if info["type"] == "file" else None

    def read(self, name: str, witness: str | None = None) -> bytes:
        with self.open(name, witness) as file:
            return file.read()

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        stored = expected(self, name, witness)
        end = min(stop, stop if stored.size is None else stored.size)
        if end <= start:
            return b""
        with self._asking(f"read {name}"):
            raw: bytes = self._files.cat_file(self._path(name), start=start, end=end)
        expected(self, name, stored.witness)
        return raw

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        """The content as a file, a large one on disk. It is unchanged if the witness is the same after the reading."""
        stored = expected(self, name, witness if md5 is None else None)
        with self._asking(f"read {name}"):
            if stored.size is not None and stored.size <= MEMORY_BYTES:
                content: IO[bytes] = BytesIO(self._files.cat_file(self._path(name)))
            else:
                content = cast(IO[bytes], NamedTemporaryFile())  # noqa: SIM115 - the caller closes it
                self._files.get_file(self._path(name), content.name)
        expected(self, name, stored.witness)
        return content if md5 is None else checked(content, md5, f"{self.address}/{name}")

    def open_digested(self, name: str, witness: str) -> Digested:
        return digested(self.open(name, witness))

    def __reduce__(self) -> tuple[type["ObjectStoreStorage"], tuple[str]]:
        """Pickle without the client."""
        return ObjectStoreStorage, (self.address,)

    @cached_property
    def _files(self) -> fsspec.AbstractFileSystem:
        scheme = self.address.partition("://")[0]
        try:
            options = _OPTIONS.get(scheme, {})
            return fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True, **options)
        except (ImportError, ValueError) as error:
            extra = SCHEMES.get(scheme, scheme)
            raise ConfigurationError(
                f"{self.address} cannot be read, because a package is missing. Install it: "
                f"pip install 'every_eval[{extra}]'."
            ) from error

    @cached_property
    def _root(self) -> str:
        """Path of the root for fsspec, with a slash at its end."""
        return f"{self._files._strip_protocol(self.address).rstrip('/')}/"

    def _path(self, name: str) -> str:
        return self._root + name

    def _checked(self, prefix: str) -> str:
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is not the name of a folder in {self.address}.")
        return prefix

    def _below(self, prefix: str) -> dict[str, Info]:
        """What fsspec says of the objects in a folder, by name; an empty object `name/` marks an empty folder."""
        path = self._path(self._checked(prefix))
        with self._asking(f"list {path}"):
            found = self._files.find(path.rstrip("/"), detail=True)
        return {
            name.removeprefix(self._root): info
            for name, info in found.items()
            if name.startswith(path) and not name.endswith("/")
        }

    @contextmanager
    def _asking(self, action: str) -> Iterator[None]:
        """Raise our errors for those of fsspec and of the packages behind it, except that there is no such object."""
        message = f"Cannot {action} in {self.address}: "
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UpstreamUnavailable(f"{message}it has gone since it was listed.") from error
        except PermissionError as error:
            raise ConfigurationError(f"{message}access is denied. Check the credentials of this machine.") from error
        except _store_errors() as error:
            raise UpstreamUnavailable(f"{message}{type(error).__name__}: {redact(str(error))}") from error


def _store_errors() -> tuple[type[Exception], ...]:
    """Return the errors of fsspec, and of those packages behind it that are installed."""
    found: list[type[Exception]] = [OSError]
    for module, name in _ERRORS:
        try:
            found.append(getattr(importlib.import_module(module), name))
        except ImportError:
            continue
    return tuple(found)


def _stored(name: str, info: Info) -> StoredObject:
    size, stated = info["size"], info.get("md5Hash")
    version = next((f"{key.lower()}={_text(info[key])}" for key in (*_VERSIONS, *_TIMES) if info.get(key)), "")
    md5 = base64.b64decode(stated).hex() if stated and not info.get("contentEncoding") else None
    return StoredObject(name, size, f"size={size};{version}", md5)


def _text(version: object) -> str:
    """Return a version as a text; fsspec states times as numbers or as dates."""
    return str(version.timestamp() if isinstance(version, datetime) else version).strip('"')
