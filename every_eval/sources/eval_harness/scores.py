"""What the rows of a task give for one metric."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.stats import N_REPLICATES
from every_eval.sources.eval_harness.aggregations import Aggregation
from every_eval.sources.eval_harness.moments import Moments
from every_eval.sources.eval_harness.rows import Value
from every_eval.statistics.bootstrap import draw_weights, replicate

Columns = dict[str, Any]
"""Values of the recomputed columns of `stats`."""


@dataclass(frozen=True)
class TaskScore:
    """One metric over the rows of a task. Sums are exact, rounded once, so that their order changes nothing."""

    aggregation: Aggregation | None
    n_instances: int
    scored: tuple[tuple[str, Value], ...]
    """(instance id, value) of the rows that have one."""

    @classmethod
    def of(cls, held: Sequence[tuple[str, Value]], aggregation: Aggregation | None) -> Self:
        """Over what rows hold of the metric."""
        scored = [item for item in held if aggregation is not None and item[1].count and item[1].sum is not None]
        return cls(aggregation, len(held), tuple(scored))

    @property
    def is_mean(self) -> bool:
        """Whether the mean is that of the rows' values themselves."""
        return self.aggregation is not None and self.aggregation.is_mean

    @cached_property
    def mean(self) -> float | None:
        """f(S / T); null without a value, or where it is not finite."""
        if self.aggregation is None or not self.scored:
            return None
        number = self.aggregation.function(self._rate)
        return number if math.isfinite(number) else None

    @cached_property
    def shares(self) -> list[float]:
        """Each scored row's share in the mean."""
        if self.aggregation is None or self.mean is None:
            return []
        rate, total = self._rate, add(self._weights)
        slope, function = self.aggregation.slope(rate), self.aggregation.function(rate)
        size = len(self.scored)
        if self.is_mean:
            return self._sums
        pairs = zip(self._sums, self._weights, strict=True)
        return [function + slope * (value - rate * weight) * size / total for value, weight in pairs]

    @cached_property
    def moments(self) -> Moments:
        """Of the shares."""
        shares = self.shares
        if not shares:
            return Moments()
        mean = add(shares) / len(shares)
        return Moments(len(shares), mean, add((x - mean) * (x - mean) for x in shares), min(shares), max(shares))

    def columns(self) -> Columns:
        """What is recomputed."""
        n_scored = len(self.scored)
        counts = {"n_instances": self.n_instances, "n_scored": n_scored, "n_trials": min(n_scored, 1)}
        is_binary = self.is_mean and all(share in (0, 1) for share in self.shares)
        return counts | spread(self.mean, self.moments, is_binary)

    @property
    def standard_error(self) -> float | None:
        """Of the mean over rows: the sample's, or the linearised one of a ratio."""
        return self.moments.standard_error if math.isfinite(self.moments.m2) else None

    def replicates(self, scenario: Sequence[str | None]) -> Columns:
        """Bootstrap replicates; `scenario` tells the instances apart from those of others."""
        if not math.isfinite(self.moments.m2):
            return {}
        ordered = sorted(zip((instance_id for instance_id, _ in self.scored), self.shares, strict=True))
        weights = draw_weights(
            [instance_id for instance_id, _ in ordered], canonical_json(list(scenario)), N_REPLICATES
        )
        boot_weight, boot_sum = replicate(np.array([share for _, share in ordered]), weights)
        return {"boot_weight": boot_weight.tolist(), "boot_sum": boot_sum.tolist()}

    @property
    def _rate(self) -> float:
        return add(self._sums) / add(self._weights)

    @cached_property
    def _sums(self) -> list[float]:
        return [value.sum for _, value in self.scored if value.sum is not None]

    @cached_property
    def _weights(self) -> list[int]:
        return [value.count for _, value in self.scored]


def add(values: Iterable[float]) -> float:
    """The sum, rounded once; NaN where it is too large."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan


def spread(mean: float | None, moments: Moments, is_binary: bool) -> Columns:
    """Columns about values: null where there are none."""
    if mean is None or not math.isfinite(moments.m2):
        return {"mean": mean}
    return {"mean": mean, "m2": moments.m2, "min": moments.min, "max": moments.max, "is_binary": is_binary}
