"""Tell the filter of rows that do not name it, as lm-eval 0.4.0 to 0.4.6 write them.

These versions write the rows filter by filter, in the order of the task's filters, and each filter has a row of each
document (`evaluate` in `lm_eval/evaluator.py`). So the rows of one document are in the order of the filters.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from every_eval.sources.eval_harness.task import Task

NO_FILTER: Final = "none"
"""Name that lm-eval gives to the only filter of a task that lists none."""


def filters_of(task: Task) -> list[str]:
    """Return the filters of a task; empty if the results file says nothing of the task."""
    return task.filters() or ([NO_FILTER] if task.config else [])


class UnnamedFilters:
    """Filters of the rows of a task that do not name their filter."""

    def __init__(self, filters: Sequence[str], n_rows: Mapping[Any, int]) -> None:
        """Take the task's filters and the number of unnamed rows of each document, which one filter does not need."""
        self._filters = filters
        self._n_rows = n_rows
        self._read: Counter[int] = Counter()

    @classmethod
    def counting(cls, filters: Sequence[str], documents: Iterable[Any]) -> "UnnamedFilters":
        """Count the rows by the numbers of their documents, one for each row."""
        return cls(filters, Counter(document for document in documents if isinstance(document, int | str)))

    def next(self, document: int) -> str | None:
        """Return the filter of the next row of a document; null if the rows leave doubt."""
        if len(self._filters) == 1:
            return self._filters[0]
        if self._n_rows.get(document, 0) != len(self._filters):
            return None
        self._read[document] += 1
        return self._filters[self._read[document] - 1]

    def doubt(self, document: int) -> str:
        """Return a description of what leaves doubt about the rows of a document."""
        return (
            f"the row names no filter: document {document} has {self._n_rows.get(document, 0)} such rows, and the task "
            f"has {len(self._filters)} filters"
        )
