"""A file on the Hub of which only the parts that somebody reads are downloaded."""

from collections.abc import Callable

from fsspec.spec import AbstractBufferedFile


class RangedFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types.
    """The file of `size` bytes; `read_range` returns the bytes from one position up to another."""

    def __init__(self, path: str, size: int, read_range: Callable[[int, int], bytes]) -> None:
        """Download nothing."""
        self._read_range = read_range
        # Readers of Parquet say which bytes they need, so that reading ahead would only download more.
        super().__init__(None, path, size=size, cache_type="none")

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self._read_range(start, min(end, self.size))
