"""The rows of a samples file: one for each document and filter."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct


class Sample(Struct):
    """One row, as far as its columns are always there."""

    doc_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    filter: str
    metrics: list[str]
    doc: Any = None
    target: Any = None
    arguments: dict[str, dict[str, Any]] | list[list[Any]] = {}
    """Of each request to the model; old versions list them."""
    resps: Any = None
    filtered_resps: Any = None
    doc_hash: str = ""
    prompt_hash: str = ""
    target_hash: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """What a row holds of one metric: a sum over `count` values."""

    metric_name: str
    """With the filter: "{metric},{filter}"."""
    count: int
    """0 where the row holds no number: null, or a list that only a whole task's rows give a meaning to."""
    sum: float | None
    """Null where there is none, or it is not finite."""
    is_single: bool = True
    """False for a log-likelihood over `count` words or bytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its values."""

    sample: Sample
    occurrence: int
    """Position of its filter among the task's."""
    values: tuple[Value, ...]

    @property
    def instance_id(self) -> str:
        """The document's number, as text."""
        return str(self.sample.doc_id)


Held = dict[str, list[tuple[str, Value]]]
"""What rows hold of each metric: (instance id, value), in their order."""


def collect(rows: Iterable[Row], held: Held) -> None:
    """Add what `rows` hold to `held`."""
    for row in rows:
        for value in row.values:
            held.setdefault(value.metric_name, []).append((row.instance_id, value))
