"""A file far away of which only the parts that somebody reads are downloaded."""

from collections.abc import Callable
from typing import Final

from fsspec.spec import AbstractBufferedFile

READ_AHEAD_BYTES: Final = 1 << 16
"""Bytes that are downloaded at least where the reader is a program that reads a few bytes at a time."""


class RangedFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types.
    """The file of `size` bytes; `read_range` returns the bytes from one position up to another."""

    def __init__(
        self, path: str, size: int, read_range: Callable[[int, int], bytes], read_ahead_bytes: int = 0
    ) -> None:
        """Download nothing.

        Readers of Parquet say which bytes they need, so that reading ahead would only download more.
        """
        self._read_range = read_range
        cache = "readahead" if read_ahead_bytes else "none"
        super().__init__(None, path, size=size, cache_type=cache, block_size=read_ahead_bytes or "default")

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self._read_range(start, min(end, self.size))
