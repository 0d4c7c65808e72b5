"""Moments of values that can be merged: number of values, mean, sum of squared deviations, minimum and maximum.

Merging follows Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
(1979): with d the difference of two means, the merged m2 is m2a + m2b + d² na nb / (na + nb). The squares of the values
are never added, so that no digits cancel if the values are large and their variance is small.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self


@dataclass(frozen=True)
class Moments:
    """Moments of n values; all moments are NaN if n is 0."""

    n: int = 0
    """Number of values."""
    mean: float = math.nan
    m2: float = math.nan
    """Sum of squared deviations from the mean."""
    min: float = math.nan
    max: float = math.nan

    def merge(self, other: Self) -> Self:
        """Return the moments of the values of both."""
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
    def standard_error(self) -> float | None:
        """Standard error of the mean, √(m2 / (n - 1) / n); null for fewer than two values."""
        return math.sqrt(self.m2 / (self.n - 1) / self.n) if self.n > 1 else None


def merge_in_order(parts: Mapping[Any, Moments]) -> Moments:
    """Return the moments of all values, merged in ascending order of the keys.

    The fixed order makes the last bits independent of the order of the mapping.
    """
    return reduce(Moments.merge, (parts[key] for key in sorted(parts)), Moments())
