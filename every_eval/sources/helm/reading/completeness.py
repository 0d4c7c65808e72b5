"""Tell whether a run's files and rows are all there, from what could not be read."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.helm.reading.missing_rows import Missing
from every_eval.sources.source import Reject

REPORTED_FILE: Final = "stats.json"
"""The file with HELM's own statistics. A run without the file still has all of its outputs."""

WHOLE: Final = (None, "$", "$.request_states")
"""Places of rejects that concern a file, or its list, as a whole."""


class RunCompleteness:
    """Counts what could not be read of a run.

    A number that is not finite is an observation and no loss: its row is published.
    """

    def __init__(self) -> None:
        """Start with a run of which nothing is missing."""
        self.n_rejected = 0
        """Number of files and rows that could not be read."""
        self._by_file: Counter[str] = Counter()
        self._unreadable: set[str] = set()

    def explains(self, missing: Missing) -> bool:
        """Tell whether rows that a file lacks have been noted already: the whole file, or as many of its parts."""
        return missing.file in self._unreadable or self._by_file[missing.file] >= missing.n_rows

    def note(self, rejects: Iterable[Reject]) -> None:
        """Count rejects."""
        for reject in rejects:
            if reject.reason is not Reason.NOT_FINITE:
                self.n_rejected += 1
                self._by_file[reject.file or "the run"] += 1
                if reject.file and reject.place in WHOLE:
                    self._unreadable.add(reject.file)

    @property
    def is_complete(self) -> bool:
        """True if all files and rows that the scores are computed from could be read."""
        return not self._lost()

    @property
    def loss(self) -> str | None:
        """Description of what is missing, as the reason why the run is not scored; null if nothing is."""
        lost = self._lost()
        if not lost:
            return None
        places = ", ".join(f"{n_times} of {file}" for file, n_times in sorted(lost.items()))
        return f"files or rows are missing or could not be read; rejects: {places}"

    def _lost(self) -> dict[str, int]:
        return {file: n_times for file, n_times in self._by_file.items() if file != REPORTED_FILE}
