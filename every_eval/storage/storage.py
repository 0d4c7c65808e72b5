"""Where results are read from: what a folder, the bundled sample and a bucket have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from every_eval.network.content import Digested


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, as a listing shows it without reading it."""

    name: str
    """Relative to the storage's root, with forward slashes."""
    size: int | None
    """In bytes, as stored; null where the storage does not state it."""
    witness: str
    """What the storage says of the content; unchanged means that the content need not be read again."""
    md5: str | None
    """Of the content, in hexadecimal; null where the storage does not know it without reading."""


class Storage(Protocol):
    """A tree of objects that others write and we only read; instances can be pickled and shared by threads."""

    @property
    def location(self) -> str:
        """Where it is, for people: an absolute path or a URL."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether one waits for what is read, and had better ask for several things at once."""
        ...

    @property
    def can_list(self) -> bool:
        """Whether it says what it holds; where not, only `stat`, `read` and `open` work.

        Raises:
            UpstreamUnavailable: that could not be found out.
        """
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose name begins with `prefix`, sorted by name; nothing is read.

        Args:
            prefix: A folder with its final `/`, or nothing for all there is. A folder that is not there lists nothing.

        Raises:
            UpstreamUnavailable: the listing could not be had completely.
            ConfigurationError: the storage is not there, cannot list, or does not let us.
        """
        ...

    def list_folders(self, prefix: str) -> Sequence[str]:
        """The names, without slashes, of the folders directly in `prefix`, sorted; what lies deeper is not walked.

        Raises:
            UpstreamUnavailable: the listing could not be had completely.
            ConfigurationError: the storage is not there, cannot list, or does not let us.
        """
        ...

    def stat(self, name: str) -> StoredObject | None:
        """One object as `list` would show it; null if it is not there.

        Raises:
            UpstreamUnavailable: that could not be found out.
            ConfigurationError: the storage is not there or does not let us.
        """
        ...

    def read(self, name: str, witness: str | None = None) -> bytes:
        """The content of one object.

        Args:
            name: As listed.
            witness: As listed, to be sure of reading what was listed.

        Raises:
            FileNotFoundError: there is no such object, and no witness that there was one.
            UpstreamUnavailable: the content could not be had, completely and unchanged since the witness.
            ConfigurationError: the storage is not there or does not let us.
        """
        ...

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        """The content as a file, for what is too large to be held in memory.

        Args:
            name: As listed.
            witness: As listed, to be sure of opening what was listed.
            md5: Of the content, in hexadecimal, to be sure of it before a byte of it is used; the witness need not
                hold then, which another storage may have stated.

        Raises what `read` raises; `UpstreamUnavailable` too where the content has another MD5.
        """
        ...

    def open_digested(self, name: str, witness: str) -> Digested:
        """The content as a file, and its size and MD5, which nobody need have stated.

        Raises what `open` raises.
        """
        ...


def is_object_name(name: str) -> bool:
    """Whether a name can be that of an object: relative, one way to write it, and never out of the root."""
    return "\\" not in name and "\0" not in name and all(part not in ("", ".", "..") for part in name.split("/"))


def is_prefix(prefix: str) -> bool:
    """Whether a prefix is that of a folder in the root, or of the root itself."""
    return not prefix or (prefix.endswith("/") and is_object_name(prefix.removesuffix("/")))
