"""Content that was read, with its size and MD5, and the check against the MD5 that was expected."""

import hashlib
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import IO, Final

from every_eval.errors import UpstreamUnavailable

MEMORY_BYTES: Final = 16 << 20
"""Of an object that is held in memory while it is checked, if it is not larger."""
BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Digested:
    """An object's content, and what is known of it once it has been read."""

    file: IO[bytes]
    """From the content's beginning, whatever encoding it is stored in; whoever gets it closes it."""
    size: int
    """Of the content, in bytes."""
    md5: str
    """Of the content, in hexadecimal."""


def md5_of(raw: bytes) -> str:
    """MD5 in hexadecimal: an identity of content, not a protection."""
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


def digested(file: IO[bytes]) -> Digested:
    """The content of a file that can be sought in, from its beginning; in memory if it is small."""
    is_small = file.seek(0, SEEK_END) <= MEMORY_BYTES
    file.seek(0)
    digest, size = hashlib.md5(usedforsecurity=False), 0
    if is_small:
        with file:
            block = file.read()
        digest.update(block)
        return Digested(BytesIO(block), len(block), digest.hexdigest())
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    file.seek(0)
    return Digested(file, size, digest.hexdigest())


def checked(file: IO[bytes], md5: str, name: str) -> IO[bytes]:
    """The same content from its beginning, once it is known to be what it should be; else the file is closed.

    Raises:
        UpstreamUnavailable: it has another MD5.
    """
    return verified(digested(file), md5, name).file


def verified(found: Digested, md5: str, name: str) -> Digested:
    """The same, if it is what it should be; else its file is closed. Raises what `checked` raises."""
    if found.md5 != md5:
        found.file.close()
        raise UpstreamUnavailable(f"{name} is not what was listed; the next discovery will see why")
    return found
