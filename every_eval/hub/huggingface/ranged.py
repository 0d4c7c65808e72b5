"""A file that is elsewhere, of which only the parts that are read are fetched."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class RangedFile(io.RawIOBase):
    """The file of `size` bytes whose bytes from one position up to another `read_range` returns."""

    def __init__(self, size: int, read_range: Callable[[int, int], bytes]) -> None:
        """Fetch nothing."""
        super().__init__()
        self._size = size
        self._read_range = read_range
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Let the next read begin elsewhere."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError(f"{origin + offset} is before the beginning")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: "Buffer", /) -> int:
        """Fill `buffer`, as far as the file goes, by one fetch."""
        view = memoryview(buffer).cast("B")
        part = self._next(len(view))
        view[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        """The rest of the file, by one fetch."""
        return self._next(self._size)

    def _next(self, n_bytes: int) -> bytes:
        start, stop = self._position, min(self._position + n_bytes, self._size)
        if stop <= start:
            return b""
        self._position = stop
        return self._read_range(start, stop)
