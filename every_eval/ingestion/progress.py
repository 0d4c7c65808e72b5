"""Report the progress of long work: runs and bytes done, rate, and time left."""

import time
from collections.abc import Callable


class Progress:
    """Reports one line at most every `interval` seconds."""

    def __init__(self, report: Callable[[str], object], what: str, n_total: int, bytes_total: int) -> None:
        """`what` names the work; `report` takes a line of text; the totals are numbers of runs and of bytes."""
        self._report = report
        self._what = what
        self._n_total, self._bytes_total = n_total, bytes_total
        self._n, self._bytes = 0, 0
        self._start = self._last = time.monotonic()
        self.interval = 10.0

    def add(self, n_bytes: int) -> None:
        """Count one more run, of `n_bytes`, as done."""
        self._n += 1
        self._bytes += n_bytes
        now = time.monotonic()
        if now - self._last >= self.interval:
            self._last = now
            self._report(self._line(now - self._start))

    def _line(self, seconds: float) -> str:
        rate = self._bytes / seconds
        remaining = (self._bytes_total - self._bytes) / rate if rate else float("inf")
        return (
            f"{self._what}: {self._n} of {self._n_total} runs, {self._bytes / 1e6:.0f} of "
            f"{self._bytes_total / 1e6:.0f} MB, {rate / 1e6:.0f} MB/s, about {remaining:.0f} s left"
        )
