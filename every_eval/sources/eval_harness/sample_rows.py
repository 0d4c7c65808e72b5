"""Records of a samples file: one row per document and filter, with the values of its metrics."""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

_LISTS: Final = {list}


class WrittenRow(Struct):
    """A row as lm-eval writes it, without the columns of its metrics."""

    doc_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    filter: str
    """Name of the filter; empty as long as the order of the rows has to tell it."""
    metrics: list[str]
    """Names of the columns that hold the row's values."""
    doc: Any = None
    target: Any = None
    arguments: Any = {}
    """Arguments of each request to the model."""
    resps: Any = None
    filtered_resps: Any = None
    doc_hash: Any = None
    prompt_hash: Any = None
    target_hash: Any = None

    @property
    def hashes(self) -> tuple[str, ...]:
        """Hashes of the document, the prompt and the target; a hash that is no text is empty."""
        document, prompt, target = self.doc_hash, self.prompt_hash, self.target_hash
        if type(document) is type(prompt) is type(target) is str:
            return document, prompt, target
        return tuple([item if isinstance(item, str) else "" for item in (document, prompt, target)])

    def requests(self) -> list[list[Any]] | None:
        """Return the arguments of each request to the model, in order; null if they are not lists or objects.

        lm-eval writes an object of objects; old versions write a list of lists, and 0.4.0 a list for a single request.
        """
        stated = self.arguments
        items = list(stated.values()) if isinstance(stated, dict) else stated
        if not isinstance(items, list):
            return None
        if items and isinstance(stated, list) and isinstance(items[0], str):
            return [items]
        requests = [[*item.values()] if type(item) is dict else item for item in items]
        return requests if _LISTS.issuperset(map(type, requests)) else None


ROW_COLUMNS: Final = frozenset(WrittenRow.__struct_fields__)
"""Columns of a row that are not metrics."""


def complete(columns: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the columns that lm-eval 0.4.0 to 0.4.6 do not write: its filter and its metrics' names."""
    stated_filter, names = columns.get("filter"), columns.get("metrics")
    if isinstance(columns.get("doc_id"), int) and stated_filter is not None and names is not None:
        return columns
    document = {"doc_id": as_document(columns["doc_id"])} if "doc_id" in columns else {}
    metrics = [name for name in columns if name not in ROW_COLUMNS] if names is None else names
    return {**columns, **document, "filter": "" if stated_filter is None else stated_filter, "metrics": metrics}


def as_document(stated: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the number of a document that is written as text as a number; other values are returned unchanged."""
    return int(stated) if isinstance(stated, str) and stated.isascii() and stated.isdigit() else stated


class MetricValue(Struct, frozen=True):
    """Value of one metric in one row."""

    metric_name: str
    """Name as "{metric},{filter}"."""
    count: int
    """Number of values that `sum` adds up; 0 if the row has null, or a list that has a meaning only together with the
    lists of all rows."""
    sum: float | None
    """Sum of the values; null if there is none, or if the sum is not finite."""
    is_single: bool = True
    """False for a log-likelihood over `count` words or bytes."""


class ScoredRow(Struct):
    """A row with the values of its metrics."""

    sample: WrittenRow
    occurrence: int
    """Position of the row's filter among the task's filters."""
    values: Sequence[MetricValue]
    requests: Sequence[Sequence[Any]] = ()
    """Arguments of each request to the model, in order."""
    position: int = 0
    """Position of the row in the samples file, from 0."""
    n_bytes: int = 0
    """Size of the row in the file, in bytes."""

    @property
    def instance_id(self) -> str:
        """Number of the document, as text."""
        return str(self.sample.doc_id)


@dataclass(slots=True)
class MetricValues:
    """Values of one metric, in the order of the rows, in columns: a file can have millions of them."""

    documents: "array[int]" = field(default_factory=lambda: array("q"))
    """Numbers of the documents."""
    counts: "array[int]" = field(default_factory=lambda: array("q"))
    """Numbers of values that `sums` add up."""
    sums: "array[float]" = field(default_factory=lambda: array("d"))
    """Sums of the values; NaN if there is none, or if a sum is not finite."""

    def append(self, document: int, value: MetricValue) -> None:
        """Add the value of a row."""
        self.documents.append(document)
        self.counts.append(value.count)
        self.sums.append(math.nan if value.sum is None else value.sum)


ValuesByMetric = dict[str, MetricValues]
"""Values of rows by "{metric},{filter}"."""


def add_values(rows: Iterable[ScoredRow], values: ValuesByMetric) -> None:
    """Add the values of `rows` to `values`."""
    for row in rows:
        for value in row.values:
            of_metric = values.get(value.metric_name)
            if of_metric is None:
                of_metric = values[value.metric_name] = MetricValues()
            of_metric.append(row.sample.doc_id, value)
