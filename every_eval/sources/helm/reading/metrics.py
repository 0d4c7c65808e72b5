"""The rows of `metrics`, from per_instance_stats.json."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import Reason
from every_eval.sources.columns import build_table, only_finite
from every_eval.sources.decoding import Decoded, in_file_order
from every_eval.sources.helm.reading.keys import id_text
from every_eval.sources.helm.reading.metric_index import MetricIndex
from every_eval.sources.helm.reading.metric_names import UNREADABLE, MetricNames, Repetitions
from every_eval.sources.helm.reading.numbers import Flags, read_numbers
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import InstanceStats, Number, Stat
from every_eval.sources.helm.reading.run_context import RunContext
from every_eval.sources.source import Reject

FILE: Final = "per_instance_stats.json"
LANGUAGE_MODELING: Final = "language_modeling"

Arrays = dict[str, npt.NDArray[Any]]

_NOTHING: Final[Arrays] = {
    **{field: np.zeros(0, np.int32) for field in ("key", "name", "occurrence")},
    "count": np.zeros(0, np.int64),
    **{field: np.zeros(0, np.float64) for field in ("sum", "min", "max")},
}


@dataclass(frozen=True)
class _Elements:
    """The elements of `stats` of several entries, one entry after the other."""

    stats: list[Stat]
    keys: npt.NDArray[np.int32]
    """Code of each element's key in the metric index."""
    names: npt.NDArray[np.int32]
    """Code of each element's name in the metric index."""
    occurrences: npt.NDArray[np.int32]
    """For each element, the number of elements before it with the same key and name."""
    positions: Sequence[int]
    """Position of each entry in the file's list."""
    ends: npt.NDArray[np.int64]
    """For each entry, the number of elements up to its last one."""

    def values(self) -> dict[str, list[Number | None]]:
        """Return the numbers of the elements, by field."""
        return {
            "sum": [stat.sum for stat in self.stats],
            "min": [stat.min for stat in self.stats],
            "max": [stat.max for stat in self.stats],
        }

    def place(self, element: int) -> str:
        """Return where an element is in the file."""
        entry = int(np.searchsorted(self.ends, element, side="right"))
        start = self.ends[entry - 1] if entry else 0
        return f"$[{self.positions[entry]}].stats[{element - start}]"


class MetricsReader:
    """Turns the entries of per_instance_stats.json into rows, one piece of the file after the other."""

    def __init__(self, context: RunContext, perturbations: PerturbationReader) -> None:
        """Start without any metric."""
        self.index = MetricIndex()
        self._names = MetricNames(FILE, perturbations, self.index.names)
        self._repetitions = Repetitions()
        self._context = context
        self._perturbations = perturbations

    def read(self, pieces: Iterable[Decoded[InstanceStats]]) -> tuple[pa.Table, list[Reject]]:
        """Return one row for each element of `stats`, in the file's order, and what cannot be read.

        If several metrics have the same key and name, the first one counts. In language modelling all of them count:
        each window of a text has its own.
        """
        rejects: list[Reject] = []
        # Unlike a loop, `map` does not hold a piece while the next one is decoded.
        found = [_NOTHING, *map(self._extract, pieces, repeat(rejects))]
        return self._table({field: np.concatenate([piece[field] for piece in found]) for field in _NOTHING}), rejects

    def _extract(self, entries: Decoded[InstanceStats], rejects: list[Reject]) -> Arrays:
        """Return codes and numbers of the elements of `stats`; absent and not finite numbers are NaN."""
        noted: list[Reject] = []
        elements = self._elements(entries, noted)
        is_readable: Flags = elements.names != UNREADABLE
        keep = is_readable
        noted += self._unreadable(elements, ~is_readable)
        if self._context.spec.adapter_spec.method != LANGUAGE_MODELING:
            keep = is_readable & (elements.occurrences == 0)
            noted += self._doubled(elements, is_readable & ~keep)
        columns: Arrays = {"key": elements.keys, "name": elements.names, "occurrence": elements.occurrences}
        columns["count"] = np.fromiter([stat.count for stat in elements.stats], np.int64, len(elements.stats))
        for field, values in elements.values().items():
            columns[field], is_odd = read_numbers(values)
            noted += _not_finite(elements, field, is_odd & is_readable)
            if field == "sum":
                lacks_sum = np.isnan(columns[field]) & ~is_odd
                noted += _without_sum(elements, lacks_sum & keep)
                keep = keep & ~lacks_sum
        rejects += in_file_order(noted)
        return columns if keep.all() else {field: values[keep] for field, values in columns.items()}

    def _elements(self, entries: Decoded[InstanceStats], rejects: list[Reject]) -> _Elements:
        readable, treatments = self._perturbations.read_all(entries, FILE, rejects)
        keys, names, occurrences = [], [], []
        for entry, treatment in zip(readable.records, treatments, strict=True):
            key = self.index.key_code(id_text(entry.instance_id), treatment, entry.train_trial_index)
            sequence = self._names.sequence(entry.stats)
            keys.append(key)
            names.append(sequence.codes)
            occurrences.append(self._repetitions.next(key, sequence))
        sizes = np.array([len(codes) for codes in names], np.int64)
        nothing = np.zeros(0, np.int32)
        return _Elements(
            list(chain.from_iterable([entry.stats for entry in readable.records])),
            np.repeat(np.array(keys, np.int32), sizes),
            np.concatenate([nothing, *names]),
            np.concatenate([nothing, *occurrences]),
            readable.positions,
            np.cumsum(sizes),
        )

    def _unreadable(self, elements: _Elements, chosen: Flags) -> Iterator[Reject]:
        for element in np.flatnonzero(chosen).tolist():
            name = self._names.decode(bytes(elements.stats[element].name), f"{elements.place(element)}.name")
            if isinstance(name, Reject):
                yield name

    def _doubled(self, elements: _Elements, chosen: Flags) -> Iterator[Reject]:
        names = list(self.index.names)
        for element in np.flatnonzero(chosen).tolist():
            stat = elements.stats[element]
            detail = f"{names[elements.names[element]][0]}: count {stat.count}, sum {stat.sum}"
            yield Reject(Reason.DOUBLED_METRIC, detail, FILE, elements.place(element))

    def _table(self, found: Arrays) -> pa.Table:
        self.index.add(found)
        count, total = found["count"], found["sum"]
        numbers = {field: found[field] for field in ("sum", "min", "max")}
        numbers["value"] = np.divide(total, count, out=np.full(len(count), np.nan), where=count != 0)
        columns = {
            **self.index.key_columns(found["key"]),
            "occurrence": pa.array(found["occurrence"]),
            **self.index.name_columns(found["name"]),
            "count": pa.array(count),
            **{field: only_finite(values) for field, values in numbers.items()},
        }
        return build_table(METRICS, len(count), columns, {**self._context.constants, "reference_index": None})


def _without_sum(elements: _Elements, chosen: Flags) -> Iterator[Reject]:
    for element in np.flatnonzero(chosen).tolist():
        detail = f"Object missing required field `sum`, with count {elements.stats[element].count}"
        yield Reject(Reason.UNEXPECTED_SHAPE, detail, FILE, elements.place(element))


def _not_finite(elements: _Elements, field: str, chosen: Flags) -> Iterator[Reject]:
    for element in np.flatnonzero(chosen).tolist():
        value = getattr(elements.stats[element], field)
        yield Reject(Reason.NOT_FINITE, str(value), FILE, f"{elements.place(element)}.{field}")
