"""Report the progress of long work: runs and bytes done, rate, and time left."""

import time
from collections.abc import Callable


class Progress:
    """Reports one line at most every `interval` seconds, and one line at the end."""

    def __init__(self, report: Callable[[str], object], what: str, n_total: int, bytes_total: int) -> None:
        """`what` names the work; `report` takes a line of text; the totals are numbers of runs and of bytes."""
        self._report = report
        self._what = what
        self._n_total, self._bytes_total = n_total, bytes_total
        self._n, self._bytes = 0, 0
        self._start = self._last = time.monotonic()
        self.interval = 10.0

    def add(self, n_bytes: int) -> None:
        """Count one more run, of `n_bytes`, as done; a run that is read again after a failure counts once."""
        if self._n == self._n_total:
            return
        self._n += 1
        self._bytes = min(self._bytes + n_bytes, self._bytes_total)
        now = time.monotonic()
        if now - self._last >= self.interval or self._n == self._n_total:
            self._last = now
            self._report(self._line(now - self._start))

    def _line(self, seconds: float) -> str:
        done = (
            f"{self._what}: {self._n} of {self._n_total} runs, {_megabytes(self._bytes)} of "
            f"{_megabytes(self._bytes_total)} MB"
        )
        rate = self._bytes / seconds if seconds else 0.0
        if self._n == self._n_total:
            return f"{done} in {seconds:,.0f} s, {_megabytes(rate)} MB/s"
        left = f"about {(self._bytes_total - self._bytes) / rate:,.0f} s left" if rate else "time left unknown"
        return f"{done}, {_megabytes(rate)} MB/s, {left}"


def _megabytes(n_bytes: float) -> str:
    return f"{n_bytes / 1e6:,.0f}" if n_bytes >= 1e7 else f"{n_bytes / 1e6:.1f}"
