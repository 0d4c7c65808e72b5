"""Records of a samples file: one row per document and filter, with the values of its metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct


class WrittenRow(Struct):
    """A row as lm-eval writes it, without the columns of its metrics."""

    doc_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    filter: str
    metrics: list[str]
    """Names of the columns that hold the row's values."""
    doc: Any = None
    target: Any = None
    arguments: dict[str, dict[str, Any]] | list[list[Any]] = {}
    """Arguments of each request to the model; old versions of lm-eval write a list."""
    resps: Any = None
    filtered_resps: Any = None
    doc_hash: str = ""
    prompt_hash: str = ""
    target_hash: str = ""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """Value of one metric in one row."""

    metric_name: str
    """Name as "{metric},{filter}"."""
    count: int
    """Number of values that `sum` adds up; 0 if the row has null or a list, which only all rows together give a
    meaning."""
    sum: float | None
    """Sum of the values; null if there is none, or if the sum is not finite."""
    is_single: bool = True
    """False for a log-likelihood over `count` words or bytes."""


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A row with the values of its metrics."""

    sample: WrittenRow
    occurrence: int
    """Position of the row's filter among the task's filters."""
    values: tuple[MetricValue, ...]

    @property
    def instance_id(self) -> str:
        """Number of the document, as text."""
        return str(self.sample.doc_id)


ValuesByMetric = dict[str, list[tuple[str, MetricValue]]]
"""Values of rows by "{metric},{filter}", each with its instance id, in the order of the rows."""


def add_values(rows: Iterable[ScoredRow], values: ValuesByMetric) -> None:
    """Add the values of `rows` to `values`."""
    for row in rows:
        for value in row.values:
            values.setdefault(value.metric_name, []).append((row.instance_id, value))
