"""The rows of `metrics`, from per_instance_stats.json."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import Reason
from every_eval.sources.helm.columns import build
from every_eval.sources.helm.context import RunContext
from every_eval.sources.helm.decoding import in_file_order
from every_eval.sources.helm.measured import ROW, Measured
from every_eval.sources.helm.metric_names import UNREADABLE, MetricNames, Repetitions
from every_eval.sources.helm.perturbations import Treatments
from every_eval.sources.helm.records import InstanceStats, Number, Stat
from every_eval.sources.source import Reject

FILE: Final = "per_instance_stats.json"
LANGUAGE_MODELING: Final = "language_modeling"

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Elements:
    """The elements of `stats` of some entries, one after the other."""

    stats: list[Stat]
    keys: npt.NDArray[np.int32]
    names: npt.NDArray[np.int32]
    occurrences: npt.NDArray[np.int32]
    """How many elements before have the same key and name."""
    positions: list[int]
    """Of the entries."""
    ends: npt.NDArray[np.int64]
    """Number of elements up to each entry's last one."""

    def place(self, element: int) -> str:
        """Where an element is in the file."""
        entry = int(np.searchsorted(self.ends, element, side="right"))
        start = self.ends[entry - 1] if entry else 0
        return f"$[{self.positions[entry]}].stats[{element - start}]"


class MetricsReader:
    """Turns the entries of per_instance_stats.json into rows, one piece of the file after the other."""

    def __init__(self, context: RunContext, treatments: Treatments) -> None:
        """Nothing is read yet."""
        self.measured = Measured()
        self._names = MetricNames(FILE, treatments, self.measured.names)
        self._repetitions = Repetitions()
        self._context = context
        self._treatments = treatments

    def read(self, entries: Iterable[tuple[int, InstanceStats]]) -> tuple[pa.Table, list[Reject]]:
        """One row per element of `stats`, in the file's order, and what could not be read.

        The entries come with their positions in the file. Of several metrics under one key and name the first counts,
        but for language modelling, where each window of a text has its own.
        """
        rejects: list[Reject] = []
        elements = self._elements(entries, rejects)
        is_readable: Flags = elements.names != UNREADABLE
        keep = is_readable
        rejects += self._unreadable(elements, ~is_readable)
        if self._context.spec.adapter_spec.method != LANGUAGE_MODELING:
            keep = is_readable & (elements.occurrences == 0)
            rejects += self._doubled(elements, is_readable & ~keep)
        numbers = {}
        for field in ("sum", "min", "max"):
            numbers[field], is_odd = _numbers([getattr(stat, field) for stat in elements.stats])
            rejects += _not_finite(elements, field, is_odd & is_readable)
        return self._table(elements, numbers, keep), in_file_order(rejects)

    def _elements(self, entries: Iterable[tuple[int, InstanceStats]], rejects: list[Reject]) -> _Elements:
        stats, keys, names, occurrences, positions = [], [], [], [], []
        for position, entry, treatment in self._treatments.readable(entries, FILE, rejects):
            key = self.measured.key_code(entry.instance_id, treatment, entry.train_trial_index)
            sequence = self._names.sequence(entry.stats)
            stats.append(entry.stats)
            keys.append(key)
            names.append(sequence.codes)
            occurrences.append(self._repetitions.next(key, sequence))
            positions.append(position)
        sizes = np.array([len(codes) for codes in names], np.int64)
        nothing = np.zeros(0, np.int32)
        return _Elements(
            list(chain.from_iterable(stats)),
            np.repeat(np.array(keys, np.int32), sizes),
            np.concatenate([nothing, *names]),
            np.concatenate([nothing, *occurrences]),
            positions,
            np.cumsum(sizes),
        )

    def _unreadable(self, elements: _Elements, chosen: Flags) -> Iterator[Reject]:
        for element in np.flatnonzero(chosen).tolist():
            name = self._names.decode(bytes(elements.stats[element].name), f"{elements.place(element)}.name")
            if isinstance(name, Reject):
                yield name

    def _doubled(self, elements: _Elements, chosen: Flags) -> Iterator[Reject]:
        names = list(self.measured.names)
        for element in np.flatnonzero(chosen).tolist():
            stat = elements.stats[element]
            detail = f"{names[elements.names[element]][0]}: count {stat.count}, sum {stat.sum}"
            yield Reject(Reason.DOUBLED_METRIC, detail, FILE, elements.place(element))

    def _table(self, elements: _Elements, numbers: dict[str, Floats], keep: Flags) -> pa.Table:
        is_whole = bool(keep.all())
        keys, names, occurrences = (
            codes if is_whole else codes[keep] for codes in (elements.keys, elements.names, elements.occurrences)
        )
        counts = np.array([stat.count for stat in elements.stats], np.int64)
        if not is_whole:
            counts, numbers = counts[keep], {field: values[keep] for field, values in numbers.items()}
        rows = np.empty(len(keys), ROW)
        for field, values in (("key", keys), ("name", names), ("count", counts), ("sum", numbers["sum"])):
            rows[field] = values
        rows["min"] = numbers["min"]
        self.measured.add(rows)
        means = np.divide(numbers["sum"], counts, out=np.full(len(counts), np.nan), where=counts != 0)
        columns = {
            **self.measured.key_columns(keys),
            "occurrence": pa.array(occurrences),
            **self.measured.name_columns(names),
            "count": pa.array(counts),
            **{name: pa.array(values, mask=~np.isfinite(values)) for name, values in (*numbers.items(), ("value", means))},
        }
        return build(METRICS, len(keys), columns, {**self._context.shared, "reference_index": None})


def _not_finite(elements: _Elements, field: str, chosen: Flags) -> Iterator[Reject]:
    for element in np.flatnonzero(chosen).tolist():
        value = getattr(elements.stats[element], field)
        yield Reject(Reason.NOT_FINITE, str(value), FILE, f"{elements.place(element)}.{field}")


def _numbers(values: list[Number | None]) -> tuple[Floats, Flags]:
    """The values, NaN for what is not there, and which of those that are there are not finite."""
    try:
        array = pa.array(values, pa.float64())
    except pa.ArrowException:  # some are texts, as a mended file has them
        array = pa.array([None if value is None else float(value) for value in values], pa.float64())
    numbers: Floats = array.to_numpy(zero_copy_only=False)
    return numbers, ~np.isfinite(numbers) & array.is_valid().to_numpy(zero_copy_only=False)
