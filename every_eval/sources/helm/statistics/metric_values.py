"""A run's metric values as arrays, from which all of its statistics are computed by sorting and adding."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple, Self

import numpy as np

from every_eval.contracts.canonical import canonical_json
from every_eval.statistics.composite_keys import compose, decompose
from every_eval.statistics.groups import MAX_SPARSITY, BoolArray, FloatArray, Groups, IntArray


class Metric(NamedTuple):
    """A metric on a part of the data."""

    name: str
    split: str | None
    sub_split: str | None


class Treatment(NamedTuple):
    """A perturbation of the instances' texts, and the texts that a statistic is computed on."""

    perturbation: str | None
    perturbation_name: str | None
    computed_on: str | None

    @classmethod
    def of(cls, perturbation: Mapping[str, object]) -> Self:
        """Return the treatment of a perturbation; `computed_on` is the perturbed text unless it says otherwise."""
        computed_on = str(perturbation.get("computed_on", "perturbed"))
        return cls(canonical_json(perturbation), str(perturbation.get("name")), computed_on)

    def has(self, flag: str) -> bool:
        """Tell whether the perturbation sets `flag`, which is robustness or fairness."""
        return self.perturbation is not None and bool(json.loads(self.perturbation).get(flag))

    def on(self, computed_on: str) -> Self:
        """Return the same perturbation with the statistic computed on other texts."""
        return self.of(json.loads(self.perturbation or "{}") | {"computed_on": computed_on})


ORIGINAL = Treatment(None, None, None)
"""The original text."""


@dataclass(frozen=True)
class _Arrays:
    """Arrays of equal length: an element is what stands at one position in all of them."""

    def take(self, chosen: BoolArray | IntArray | slice) -> Self:
        """Return the chosen elements."""
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def join(cls, *parts: Self) -> Self:
        """Return the elements of all parts, one part after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class MetricValues(_Arrays):
    """Arrays of one length, with one element for each combination of metric, treatment, trial and instance."""

    metric: IntArray
    """Position in the run's list of metrics."""
    treatment: IntArray
    """Position in the run's list of treatments."""
    trial: IntArray
    """HELM's `train_trial_index`."""
    instance: IntArray
    """Position in the run's list of instance ids."""
    count: IntArray
    """Number of finite values that the sum is over; 0 if there is none."""
    sum: FloatArray
    """Sum of the values."""
    min: FloatArray
    """Smallest of the values; NaN if there is none."""
    odd: IntArray
    """Number of values that are not finite, which the sum leaves out."""


@dataclass(frozen=True)
class TrialSums(_Arrays):
    """Sums over the instances of each trial, as arrays with one element for each metric, treatment and trial.

    The values are added plainly, in the order of HELM's file, so that the means are HELM's to the last bit.
    """

    metric: IntArray
    """Position in the run's list of metrics."""
    treatment: IntArray
    """Position in the run's list of treatments."""
    trial: IntArray
    """HELM's `train_trial_index`."""
    count: IntArray
    """Number of finite values that the sum is over; at least 1."""
    sum: FloatArray
    """Sum of the values."""


@dataclass(frozen=True)
class RunMetrics:
    """The metric values of one run, and the names that their positions stand for."""

    metrics: tuple[Metric, ...]
    treatments: tuple[Treatment, ...]
    """The first is the original text, whether or not a metric was measured on it."""
    instance_ids: tuple[str, ...]
    n_trials: int
    values: MetricValues
    trials: TrialSums
    aliases: Mapping[int, int] = field(default_factory=dict)
    """Positions of treatments whose values are those of another treatment, and the positions of the latter.

    The values are not repeated. Metrics that are derived from other metrics have no aliases.
    """

    def sizes(self, axes: Sequence[str]) -> list[int]:
        """Return the number of positions on each of the axes, which are named as in `MetricValues`."""
        sizes = {
            "metric": len(self.metrics),
            "treatment": len(self.treatments),
            "trial": self.n_trials,
            "instance": len(self.instance_ids),
        }
        return [sizes[axis] for axis in axes]

    def keys(self, values: MetricValues | TrialSums, axes: Sequence[str]) -> IntArray:
        """Return one number for each element of `values`, which says where it is on the axes: see `compose`."""
        return compose([getattr(values, axis) for axis in axes], self.sizes(axes))


def add_up(
    keys: IntArray, sizes: Sequence[int], counts: IntArray, sums: FloatArray, minima: FloatArray
) -> MetricValues:
    """Merge metrics that agree in metric, treatment, trial and instance, and sort them by these four.

    They agree for the windows of a long text and for references that were sent one by one. An element whose count is 0
    or whose sum is not finite has no value.

    Args:
        keys: What `compose` makes of metric, treatment, trial and instance.
        sizes: The sizes of these four.
        counts: Number of values that each sum is over.
        sums: Sums of the values.
        minima: Smallest values; NaN where there is none.
    """
    groups = Groups(keys)
    has_value = np.isfinite(sums) & (counts > 0)
    total = groups.add(np.where(has_value, sums, 0.0))
    count = groups.count(np.where(has_value, counts, 0))
    lowest = groups.known_min(np.where(has_value, minima, np.nan))
    odd = groups.count(np.where(np.isfinite(sums), 0, counts))
    metric, treatment, trial, instance = decompose(groups.keys, sizes)
    return MetricValues(metric, treatment, trial, instance, count, total, lowest, odd)


def add_trials(keys: IntArray, sizes: Sequence[int], counts: IntArray, sums: FloatArray) -> TrialSums:
    """Add up metrics that agree in metric, treatment and trial, in the order given; for the arguments see `add_up`."""
    n_trials = math.prod(sizes[:-1])
    trials = keys // sizes[-1] if sizes[-1] else keys
    if n_trials > MAX_SPARSITY * len(keys):
        present, trials = np.unique(trials, return_inverse=True)
    else:  # Each possible trial has a place of its own, without sorting.
        present = np.arange(n_trials)
    has_value = np.isfinite(sums) & (counts > 0)
    count = np.bincount(trials, np.where(has_value, counts, 0), len(present)).astype(np.int64)
    total = np.bincount(trials, np.where(has_value, sums, 0.0), len(present)).astype(np.float64, copy=False)
    scored = np.flatnonzero(count)
    metric, treatment, trial = decompose(present[scored], sizes[:-1])
    return TrialSums(metric, treatment, trial, count[scored], total[scored])
