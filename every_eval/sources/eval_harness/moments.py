"""Moments that merge: number of values, mean, sum of squared deviations, minimum and maximum.

Merging follows Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
(1979): with d the difference of two means, the merged m2 is m2a + m2b + d² na nb / (na + nb). Squares of the values
themselves are never added, so nothing cancels where values are large and their variance small.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np

from every_eval.statistics.groups import FloatArray


@dataclass(frozen=True)
class Moments:
    """Moments of n values, all of them undefined where n is 0."""

    n: int = 0
    mean: float = math.nan
    m2: float = math.nan
    """Sum of squared deviations from the mean."""
    min: float = math.nan
    max: float = math.nan

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Moments of finite values, in two passes."""
        if not len(values):
            return cls()
        mean = float(np.mean(values))
        return cls(len(values), mean, float(np.sum((values - mean) ** 2)), float(np.min(values)), float(np.max(values)))

    def merge(self, other: Self) -> Self:
        """Moments of the values of both."""
        if not self.n or not other.n:
            return self if self.n else other
        n, delta = self.n + other.n, other.mean - self.mean
        return type(self)(
            n=n,
            mean=self.mean + delta * other.n / n,
            m2=self.m2 + other.m2 + delta**2 * self.n * other.n / n,
            min=min(self.min, other.min),
            max=max(self.max, other.max),
        )

    @property
    def variance(self) -> float | None:
        """Variance of the sample, m2 / (n - 1); None for fewer than two values."""
        return self.m2 / (self.n - 1) if self.n > 1 else None

    @property
    def std(self) -> float | None:
        """Standard deviation of the sample; None for fewer than two values."""
        return None if self.variance is None else math.sqrt(self.variance)

    @property
    def standard_error(self) -> float | None:
        """Standard error of the mean, std / √n; None for fewer than two values."""
        return None if self.variance is None else math.sqrt(self.variance / self.n)


def merge_in_order(parts: Mapping[Any, Moments]) -> Moments:
    """Moments of all values, merged in ascending order of the keys: the last bits do not depend on who came first."""
    return reduce(Moments.merge, (parts[key] for key in sorted(parts)), Moments())
