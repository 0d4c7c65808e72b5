"""Cells: what one metric gave on one instance in one trial, with names as codes.

A run's rows become cells once; all that its statistics need is then sorting and adding arrays.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.canonical import canonical_json
from every_eval.statistics.groups import BoolArray, FloatArray, Groups, IntArray


class Metric(NamedTuple):
    """What is measured, and on which part of the data."""

    name: str
    split: str | None
    sub_split: str | None


class Treatment(NamedTuple):
    """How the instances' text was changed, and what the statistic is taken over."""

    perturbation: str | None
    perturbation_name: str | None
    computed_on: str | None

    @classmethod
    def parse(cls, perturbation: str | None) -> Self:
        """Treatment that a perturbation's JSON describes."""
        return cls(None, None, None) if perturbation is None else cls.of(json.loads(perturbation))

    @classmethod
    def of(cls, perturbation: Mapping[str, object]) -> Self:
        """Treatment of a perturbation, which changes the text unless it says that it is computed on something else."""
        computed_on = str(perturbation.get("computed_on", "perturbed"))
        return cls(canonical_json(perturbation), str(perturbation.get("name")), computed_on)

    def has(self, flag: str) -> bool:
        """Whether the perturbation is one of `flag`: robustness or fairness."""
        return self.perturbation is not None and bool(json.loads(self.perturbation).get(flag))

    def on(self, computed_on: str) -> Self:
        """The same perturbation, with the statistic taken over something else."""
        return self.of(json.loads(self.perturbation or "{}") | {"computed_on": computed_on})


ORIGINAL = Treatment(None, None, None)


@dataclass(frozen=True)
class Cells:
    """Arrays of one length, one element for each (metric, treatment, trial, instance)."""

    metric: IntArray
    """Position in the run's list of metrics."""
    treatment: IntArray
    """Position in the run's list of treatments."""
    trial: IntArray
    instance: IntArray
    """Position in the run's list of instance ids."""
    count: IntArray
    """Number of finite values that were added up; 0 where there is none."""
    sum: FloatArray
    min: FloatArray
    """Smallest of the values; NaN where there is none."""

    def take(self, chosen: BoolArray | IntArray | slice) -> Self:
        """Some of the cells."""
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def join(cls, *parts: Self) -> Self:
        """All cells of several, in that order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class Run:
    """The cells of one run, and what their codes mean."""

    metrics: tuple[Metric, ...]
    treatments: tuple[Treatment, ...]
    """The first is the original text, whether or not it was measured."""
    instance_ids: tuple[str, ...]
    n_trials: int
    cells: Cells
    same: Mapping[int, int] = field(default_factory=dict)
    """Treatments without cells of their own, and which ones' they share, but for metrics derived from others."""


def read_run(metrics: pa.Table) -> Run:
    """One run's rows of the table `metrics`, in any order, as cells sorted by (metric, treatment, trial, instance).

    Rows that agree in instance, perturbation and trial are one cell (windows of a long text, references sent one by
    one): their sums and counts are added. A row of count 0, or whose sum is not finite, has no value.
    """
    names, metric = _encode(metrics, "metric_name", "split", "sub_split")
    perturbations, perturbation = _encode(metrics, "perturbation")
    instances, instance = _encode(metrics, "instance_id")
    treatments = {ORIGINAL: 0}
    positions = [treatments.setdefault(Treatment.parse(text), len(treatments)) for (text,) in perturbations]
    trial = metrics["train_trial_index"].to_numpy().astype(np.int64)
    n_trials = int(trial.max(initial=0)) + 1
    shape = (len(names), len(treatments), n_trials, len(instances))
    codes = np.ravel_multi_index((metric, np.array(positions, np.int64)[perturbation], trial, instance), shape)
    return Run(
        metrics=tuple(Metric(str(name), split, sub_split) for name, split, sub_split in names),
        treatments=tuple(treatments),
        instance_ids=tuple(str(text) for (text,) in instances),
        n_trials=n_trials,
        cells=add_up(codes, shape, *(metrics[column].to_numpy() for column in ("count", "sum", "min"))),
    )


def _encode(table: pa.Table, *columns: str) -> tuple[list[tuple[str | None, ...]], IntArray]:
    """The distinct values of some columns taken together, and each row's position among them."""
    encoded = [_codes(table[column].combine_chunks()) for column in columns]
    shape = tuple(len(texts) for _, texts in encoded)
    codes = np.ravel_multi_index(tuple(positions for positions, _ in encoded), shape)
    present = np.flatnonzero(np.bincount(codes))
    parts = [texts[at] for (_, texts), at in zip(encoded, np.unravel_index(present, shape), strict=True)]
    return list(zip(*parts, strict=True)), np.searchsorted(present, codes)


def _codes(column: pa.Array) -> tuple[IntArray, npt.NDArray[np.object_]]:
    """Each row's position among the column's distinct values, of which null is the last."""
    encoded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    texts = np.array([*encoded.dictionary.to_pylist(), None], object)
    return pc.fill_null(encoded.indices.cast(pa.int64()), len(texts) - 1).to_numpy(), texts


def add_up(codes: IntArray, shape: tuple[int, ...], counts: IntArray, sums: FloatArray, lows: FloatArray) -> Cells:
    """Metrics as cells, sorted by their codes: positions in an array of `shape`, (metric, treatment, trial, instance).

    A metric of count 0, or whose sum is not finite, has no value; nor has it a smallest one in `lows`, or it is NaN.
    """
    groups = Groups(codes)
    has_value = np.isfinite(sums) & (counts > 0)
    total = groups.add(np.where(has_value, sums, 0.0))
    count = groups.count(np.where(has_value, counts, 0))
    lowest = groups.known_min(np.where(has_value, lows, np.nan))
    metric, treatment, trial, instance = positions_in(shape, groups.keys)
    return Cells(metric, treatment, trial, instance, count, total, lowest)


def positions_in(shape: tuple[int, ...], codes: IntArray) -> tuple[IntArray, ...]:
    """`np.unravel_index`, which takes longer where there are many codes for few places after the first axis."""
    n_places = math.prod(shape[1:])
    if n_places > len(codes):
        return tuple(np.unravel_index(codes, shape))
    first, places = np.divmod(codes, n_places)
    return first, *(rest[places] for rest in np.unravel_index(np.arange(n_places), shape[1:]))
