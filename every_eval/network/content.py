"""Content of an object with its size and MD5, and the check that the MD5 is the expected one."""

import hashlib
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import IO, Final

from every_eval.errors import UpstreamUnavailable

MEMORY_BYTES: Final = 16 << 20
"""Largest object, in bytes, that is held in memory while it is checked."""
BLOCK_BYTES: Final = 1 << 20
"""Bytes of a larger object that are read and hashed at a time."""


@dataclass(frozen=True, slots=True)
class Digested:
    """An object's content, with the size and the MD5 that were computed from it."""

    file: IO[bytes]
    """The decoded content, at its beginning. The receiver closes the file."""
    size: int
    """Size of the content in bytes."""
    md5: str
    """MD5 of the content in hexadecimal."""


def md5_of(raw: bytes) -> str:
    """Return the MD5 in hexadecimal. It identifies content and protects nothing."""
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


def digested(file: IO[bytes]) -> Digested:
    """Return the content of a seekable file with its size and MD5, in memory if it is small."""
    is_small = file.seek(0, SEEK_END) <= MEMORY_BYTES
    file.seek(0)
    if is_small:
        with file:
            raw = file.read()
        return Digested(BytesIO(raw), len(raw), md5_of(raw))
    digest, size = hashlib.md5(usedforsecurity=False), 0
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    file.seek(0)
    return Digested(file, size, digest.hexdigest())


def checked(file: IO[bytes], md5: str, name: str) -> IO[bytes]:
    """Return the content of a file, at its beginning, if it has the MD5. Otherwise close the file.

    Raises:
        UpstreamUnavailable: the content has another MD5.
    """
    return verified(digested(file), md5, name).file


def verified(content: Digested, md5: str, name: str) -> Digested:
    """Return the content if it has the MD5. Otherwise close its file, and raise what `checked` raises."""
    if content.md5 != md5:
        content.file.close()
        raise UpstreamUnavailable(
            f"{name} is not what was listed: its MD5 is another one. The next discovery reads it."
        )
    return content
