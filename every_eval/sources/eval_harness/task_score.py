"""Compute the score of one metric over the rows of a task, with its spread and its bootstrap replicates."""

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
from every_eval.sources.eval_harness.sample_rows import MetricValue
from every_eval.statistics.bootstrap import draw_weights, replicate

Columns = dict[str, Any]
"""Values of the recomputed columns of the table `stats`."""


@dataclass(frozen=True)
class TaskScore:
    """Score of one metric over the rows of a task.

    Sums are exact and rounded once, so that the order of the rows does not change the score.
    """

    aggregation: Aggregation | None
    """Aggregation of the metric; null if rows do not determine the score."""
    n_instances: int
    """Number of rows that list the metric."""
    scored: tuple[tuple[str, MetricValue], ...]
    """Values of the rows that have a value, each with its instance id; empty if a value is not finite."""
    n_not_finite: int = 0
    """Number of rows whose value is not finite: then no score of the other rows is the score of the task."""

    @classmethod
    def of(cls, values: Sequence[tuple[str, MetricValue]], aggregation: Aggregation | None) -> Self:
        """Return the score of a metric from its values, each with its instance id."""
        scored = [item for item in values if aggregation is not None and item[1].count]
        n_not_finite = sum(value.sum is None for _, value in scored)
        return cls(aggregation, len(values), () if n_not_finite else tuple(scored), n_not_finite)

    @property
    def reason(self) -> str | None:
        """Reason why the score is not computed; null if nothing prevents the score, or no row has a value."""
        if not self.n_not_finite:
            return None
        return f"{self.n_not_finite} of {self.n_instances} values are not finite"

    def unscored(self) -> "TaskScore":
        """Return the count of the rows alone, without a score."""
        return TaskScore(None, self.n_instances, ())

    @property
    def is_mean(self) -> bool:
        """True if the score is the plain mean of the rows' values."""
        return self.aggregation is not None and self.aggregation.is_mean

    @cached_property
    def mean(self) -> float | None:
        """Score f(S / T); null if no row has a value, or if the score is not finite."""
        if self.aggregation is None or not self.scored:
            return None
        number = self.aggregation.function(self._rate)
        return number if math.isfinite(number) else None

    @cached_property
    def shares(self) -> list[float]:
        """Share of each scored row in the score; the mean of the shares is the score."""
        if self.aggregation is None or self.mean is None:
            return []
        if self.is_mean:
            return self._sums
        rate, total, size = self._rate, add(self._weights), len(self.scored)
        slope, function = self.aggregation.slope(rate), self.aggregation.function(rate)
        pairs = zip(self._sums, self._weights, strict=True)
        return [function + slope * (value - rate * weight) * size / total for value, weight in pairs]

    @cached_property
    def moments(self) -> Moments:
        """Moments of the shares."""
        shares = self.shares
        if not shares:
            return Moments()
        mean = add(shares) / len(shares)
        return Moments(len(shares), mean, add((x - mean) * (x - mean) for x in shares), min(shares), max(shares))

    def columns(self) -> Columns:
        """Return the recomputed columns."""
        n_scored = len(self.scored)
        counts = {"n_instances": self.n_instances, "n_scored": n_scored, "n_trials": min(n_scored, 1)}
        is_binary = self.is_mean and all(share in (0, 1) for share in self.shares)
        return counts | spread(self.mean, self.moments, is_binary)

    @property
    def standard_error(self) -> float | None:
        """Standard error of the score over rows; for a ratio of sums, from the linearised shares."""
        return self.moments.standard_error if math.isfinite(self.moments.m2) else None

    def replicates(self, scenario: Sequence[str | None]) -> Columns:
        """Return the columns of the bootstrap replicates.

        `scenario` distinguishes the instances from instances of other tasks that have the same id.
        """
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
    """Return the exact sum, rounded once; NaN if the sum is too large for a float."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan


def spread(mean: float | None, moments: Moments, is_binary: bool) -> Columns:
    """Return the columns of the mean and of its spread; columns without a value are left out."""
    if mean is None or not math.isfinite(moments.m2):
        return {"mean": mean}
    return {"mean": mean, "m2": moments.m2, "min": moments.min, "max": moments.max, "is_binary": is_binary}
