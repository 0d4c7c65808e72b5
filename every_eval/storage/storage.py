"""What all places have in common that results are read from: folders, zip archives, buckets and repos of the Hub."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Final, Protocol

from every_eval.errors import UpstreamUnavailable
from every_eval.network.content import Digested

UNUSABLE_NAME: Final = "its name is not UTF-8, or holds a character that no bucket allows"
"""Reason to leave out an entry whose name `is_object_name` refuses."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, as a listing describes it without reading it."""

    name: str
    """Path from the storage's root, with forward slashes."""
    size: int | None
    """Size of the stored bytes; null where the storage does not state it."""
    witness: str
    """Text that changes when the content may have changed. While it stays, the content need not be read again."""
    md5: str | None
    """MD5 of the content in hexadecimal; null where the storage does not know it without reading."""


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """A file or a folder that a listing leaves out, because it cannot be read safely or has no usable name."""

    name: str
    """Path from the storage's root, with forward slashes; bytes that are not UTF-8 are escaped, as in `\\xff`."""
    reason: str
    """Why the entry is left out, as the end of a sentence: `it is a link that leads out of the folder`."""
    is_alias: bool = field(default=False, compare=False)
    """Whether the entry is only a second name of its neighbour, which is listed."""


class Storage(Protocol):
    """A tree of objects that others write and we only read. Instances can be pickled, and threads may share them."""

    @property
    def location(self) -> str:
        """Address for people: an absolute path or a URL."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether reading waits for a network, so that several objects should be read at the same time."""
        ...

    @property
    def can_list(self) -> bool:
        """Whether the storage lists its objects. If it does not, only `stat`, `read` and `open` work.

        Raises:
            UpstreamUnavailable: the storage does not answer.
            ConfigurationError: the storage is not there.
        """
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose name begins with `prefix`, sorted by name. No object is read.

        Args:
            prefix: A folder with its final `/`, or an empty text for all objects. A folder that is not there lists
                nothing.

        Raises:
            UpstreamUnavailable: the listing is not complete.
            ConfigurationError: the storage is not there, cannot list, or denies access.
        """
        ...

    def list_folders(self, prefix: str) -> Sequence[str]:
        """The names, without slashes, of the folders directly in `prefix`, sorted. Deeper folders are not visited.

        Raises:
            UpstreamUnavailable: the listing is not complete.
            ConfigurationError: the storage is not there, cannot list, or denies access.
        """
        ...

    def stat(self, name: str) -> StoredObject | None:
        """One object as `list` describes it; null if it is not there.

        Raises:
            UpstreamUnavailable: the storage does not answer.
            ConfigurationError: the storage is not there or denies access.
        """
        ...

    def read(self, name: str, witness: str | None = None) -> bytes:
        """The content of one object.

        Args:
            name: The name in the listing.
            witness: The witness in the listing. If it is given, the object must still have it.

        Raises:
            FileNotFoundError: there is no such object, and no witness was given.
            UpstreamUnavailable: the content cannot be read completely, or has changed since the witness was stated.
            ConfigurationError: the storage is not there or denies access.
        """
        ...

    def read_if_changed(self, name: str, witness: str | None) -> tuple[str, bytes] | None:
        """Witness and content of one object; null if the object still has `witness`.

        Raises the errors of `read`.
        """
        stored = expected(self, name, None)
        return None if stored.witness == witness else (stored.witness, self.read(name, stored.witness))

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        """The content as a file, for objects that are too large for memory.

        Args:
            name: The name in the listing.
            witness: The witness in the listing. If it is given, the object must still have it.
            md5: MD5 of the content in hexadecimal. If it is given, the whole content is checked before a byte of it is
                used, and the witness is ignored, because another storage may have stated the witness.

        Raises the errors of `read`, and `UpstreamUnavailable` if the content has another MD5.
        """
        ...

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        """The bytes from position `start` up to `stop` of one object; fewer if the object ends before `stop`.

        Only these bytes are fetched where the storage allows it; what is stored compressed must be read from its
        beginning. A part cannot be compared with the digest of the whole object.

        Raises the errors of `read`.
        """
        ...

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        """What `list(prefix)` leaves out, sorted by name: entries that no object stands for.

        Raises the errors of `list`.
        """
        ...

    def open_digested(self, name: str, witness: str) -> Digested:
        """The content as a file, with its size and MD5, for objects whose MD5 the storage does not state.

        Raises the errors of `open`.
        """
        ...


def expected(storage: Storage, name: str, witness: str | None) -> StoredObject:
    """Describe an object that is to be read, or was read.

    Args:
        storage: Where the object is.
        name: Name of the object.
        witness: Witness that the object must have; null for any.

    Raises:
        UpstreamUnavailable: the object is not there, or has another witness.
        FileNotFoundError: the object is not there, and no witness was given.
    """
    stored = storage.stat(name)
    if witness is not None and (stored is None or stored.witness != witness):
        raise UpstreamUnavailable(f"{storage.location}: {name} has changed or gone since it was listed.")
    if stored is None:
        raise FileNotFoundError(f"{storage.location} has no file {name!r}.")
    return stored


def is_object_name(name: str) -> bool:
    """Whether an object may have this name: it is relative, stays in the root, is UTF-8, and has only one spelling."""
    is_plain = "\\" not in name and "\0" not in name and all(part not in ("", ".", "..") for part in name.split("/"))
    return is_plain and (name.isascii() or name == printable_name(name))


def printable_name(name: str) -> str:
    r"""Return a name with each byte that is not UTF-8 escaped, as in `\xff`. Python keeps such bytes as surrogates."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def is_prefix(prefix: str) -> bool:
    """Whether the prefix names a folder in the root, or the root itself."""
    return not prefix or (prefix.endswith("/") and is_object_name(prefix.removesuffix("/")))
