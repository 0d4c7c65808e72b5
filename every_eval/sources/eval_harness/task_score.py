"""Compute the score of one metric over the rows of a task, with its spread."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from every_eval.sources.eval_harness.aggregations import Aggregation
from every_eval.sources.eval_harness.moments import Moments
from every_eval.sources.eval_harness.sample_rows import MetricValues
from every_eval.statistics.clusters import cluster_moments
from every_eval.statistics.groups import FloatArray, IntArray

Columns = dict[str, Any]
"""Values of the recomputed columns of the table `stats`."""


def _no_numbers() -> IntArray:
    return np.zeros(0, np.int64)


def _no_values() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class TaskScore:
    """Score of one metric over the rows of a task.

    Sums are exact and rounded once, so that the order of the rows does not change the score.
    """

    aggregation: Aggregation | None
    """Aggregation of the metric; null if rows do not determine the score."""
    n_instances: int
    """Number of rows that list the metric."""
    documents: IntArray = field(default_factory=_no_numbers)
    """Numbers of the documents whose rows have a value; empty if a value is not finite."""
    sums: FloatArray = field(default_factory=_no_values)
    """Sums of the values of these rows."""
    weights: IntArray = field(default_factory=_no_numbers)
    """Numbers of values that `sums` add up."""
    n_not_finite: int = 0
    """Number of rows whose value is not finite: then no score of the other rows is the score of the task."""

    @classmethod
    def of(cls, values: MetricValues | None, aggregation: Aggregation | None) -> Self:
        """Return the score of a metric from its values; null stands for no rows."""
        if values is None or aggregation is None:
            return cls(aggregation, len(values.counts) if values else 0)
        counts, sums = np.array(values.counts, np.int64), np.array(values.sums, np.float64)
        is_scored = counts > 0
        n_not_finite = int(np.isnan(sums[is_scored]).sum())
        if n_not_finite:
            return cls(aggregation, len(counts), n_not_finite=n_not_finite)
        documents = np.array(values.documents, np.int64)
        return cls(aggregation, len(counts), documents[is_scored], sums[is_scored], counts[is_scored])

    @property
    def n_scored(self) -> int:
        """Number of rows that have a value."""
        return len(self.sums)

    @property
    def reason(self) -> str | None:
        """Reason why the score is not computed; null if nothing prevents the score, or no row has a value."""
        if not self.n_not_finite:
            return None
        return f"{self.n_not_finite} of {self.n_instances} values are not finite"

    def unscored(self) -> "TaskScore":
        """Return the count of the rows alone, without a score."""
        return TaskScore(None, self.n_instances)

    @property
    def is_mean(self) -> bool:
        """True if the score is the plain mean of the rows' values."""
        return self.aggregation is not None and self.aggregation.is_mean

    @cached_property
    def mean(self) -> float | None:
        """Score f(S / T); null if no row has a value, or if the score is not finite."""
        if self.aggregation is None or not self.n_scored:
            return None
        number = self.aggregation.function(self._rate)
        return number if math.isfinite(number) else None

    @cached_property
    def shares(self) -> FloatArray:
        """Share of each scored row in the score; the mean of the shares is the score."""
        if self.aggregation is None or self.mean is None:
            return _no_values()
        if self.is_mean:
            return self.sums
        rate, total = self._rate, add(self.weights)
        slope, function = self.aggregation.slope(rate), self.aggregation.function(rate)
        with np.errstate(all="ignore"):  # An infinite share has no moments.
            return function + slope * (self.sums - rate * self.weights) * self.n_scored / total

    @cached_property
    def moments(self) -> Moments:
        """Moments of the shares."""
        shares = self.shares
        if not len(shares):
            return Moments()
        mean = add(shares) / len(shares)
        with np.errstate(over="ignore"):
            m2 = add((shares - mean) * (shares - mean))
        return Moments(len(shares), mean, m2, float(shares.min()), float(shares.max()))

    @property
    def is_binary(self) -> bool:
        """True if each share is 0 or 1."""
        return bool(np.isin(self.shares, (0, 1)).all())

    def columns(self) -> Columns:
        """Return the recomputed columns."""
        counts = {"n_instances": self.n_instances, "n_scored": self.n_scored, "n_trials": min(self.n_scored, 1)}
        return counts | spread(self.mean, self.moments, self.is_mean and self.is_binary)

    def clusters(self, clusters: Mapping[int, str]) -> Columns:
        """Return the columns of the clusters; none if a document has no cluster, or the score has no spread.

        Args:
            clusters: Cluster of each document by its number.
        """
        names = [clusters.get(document) for document in self.documents.tolist()]
        if None in names or not math.isfinite(self.moments.m2):
            return {}
        _, numbers = np.unique(np.array(names, np.str_), return_inverse=True)
        n_clusters, m2 = cluster_moments(numbers, self.shares)
        return {"n_clusters": n_clusters, "cluster_m2": m2}

    @property
    def standard_error(self) -> float | None:
        """Standard error of the score over rows; for a ratio of sums, from the linearised shares."""
        return self.moments.standard_error if math.isfinite(self.moments.m2) else None

    @property
    def _rate(self) -> float:
        return add(self.sums) / add(self.weights)


def add(values: Iterable[float] | FloatArray | IntArray) -> float:
    """Return the exact sum, rounded once; NaN if the sum is too large for a float."""
    try:
        return math.fsum(values.tolist() if isinstance(values, np.ndarray) else values)
    except (OverflowError, ValueError):
        return math.nan


def spread(mean: float | None, moments: Moments, is_binary: bool) -> Columns:
    """Return the columns of the mean and of its spread; columns without a value are left out."""
    if mean is None or not math.isfinite(moments.m2):
        return {"mean": mean}
    return {"mean": mean, "m2": moments.m2, "min": moments.min, "max": moments.max, "is_binary": is_binary}
