"""Bounds of true ranks, ties and tiers, from which models are certainly better than which.

`is_better[i, j]` is true if model i is certainly better than model j. If none of these relations is wrong, the bounds
hold for all models at once.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray, IntArray

ROUNDING: Final = 1e-9
"""Largest difference of win rates that rounding can cause; such a difference decides nothing."""


@dataclass(frozen=True)
class RankBounds:
    """Bounds of each model's rank, its ties and its tier: arrays with one element for each model."""

    low: IntArray
    """Best rank that the model may truly have; 1 is the best of all."""
    high: IntArray
    """Worst rank that the model may truly have."""
    n_tied: IntArray
    """Number of other models that are neither certainly better nor certainly worse."""
    tier: IntArray
    """Tier 1 has the models than which none is certainly better; tier 2 is found alike without tier 1, and so on."""

    @classmethod
    def of(cls, is_better: BoolArray, is_at_least: BoolArray | None = None) -> Self:
        """Return the bounds.

        Args:
            is_better: Of shape (models, models).
            is_at_least: True if model i is certainly as good as model j or better; null if this is `is_better`.
        """
        n_models = len(is_better)
        low = 1 + np.count_nonzero(is_better, axis=0)
        safe = is_better if is_at_least is None else is_at_least | is_better
        high = n_models - np.count_nonzero(safe & ~np.eye(n_models, dtype=np.bool_), axis=1)
        n_tied = n_models - 1 - np.count_nonzero(is_better | is_better.T, axis=0)
        return cls(low, high, n_tied, tiers(is_better))

    @classmethod
    def of_differences(cls, least: FloatArray) -> Self:
        """Return the bounds from the least difference of each two models, model i minus model j."""
        return cls.of(least > ROUNDING, least >= -ROUNDING)

    def containing(self, ranks: IntArray) -> Self:
        """Return the bounds, widened where they leave out the observed ranks."""
        return type(self)(np.minimum(self.low, ranks), np.maximum(self.high, ranks), self.n_tied, self.tier)


def tiers(is_better: BoolArray) -> IntArray:
    """Return the tier of each model: 1 for those that may be the best, then again without them.

    Args:
        is_better: Of shape (models, models). In a cycle, in which each model would be better than another, all share a
            tier.
    """
    tier = np.zeros(len(is_better), np.int64)
    number = 0
    while (left := np.flatnonzero(tier == 0)).size:
        number += 1
        first = ~np.any(is_better[np.ix_(left, left)], axis=0)
        tier[left[first] if first.any() else left] = number
    return tier
