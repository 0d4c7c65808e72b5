"""Compare two values of the same items: before and after a change, such as a perturbation or a new release.

Values that are all 0 or 1 are compared by McNemar's test and Bonett and Price's interval, other values by random signs
and by percentiles of paired replicates: the methods of `binary_pairs`, `sign_flips` and `bootstrap`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from every_eval.statistics.binary_pairs import bonett_price_interval, mcnemar_p
from every_eval.statistics.bootstrap import percentile_interval
from every_eval.statistics.fixed_point import round_to_step, step_of
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray, divide
from every_eval.statistics.sign_flips import count_extreme, sign_flip_p

BONETT_PRICE: Final = "bonett_price"
BOOTSTRAP: Final = "bootstrap"
BLOCK: Final = 1 << 20
"""Number of signs or weights that are floats in memory at once."""

Draws = npt.NDArray[np.integer]
DrawItems = Callable[[IntArray], Draws]
"""From the positions of items to their weights or signs, of shape (items, draws)."""


@dataclass(frozen=True)
class PairedComparisons:
    """One element for each comparison; NaN where no item has both values."""

    n: IntArray
    """Number of items with both values."""
    mean_before: FloatArray
    mean_after: FloatArray
    low: FloatArray
    """Lower end of the 95 % interval of mean_after - mean_before; NaN for a single item that is not 0 or 1."""
    high: FloatArray
    is_binary: BoolArray
    """Whether all values are 0 or 1, so that the interval is Bonett and Price's and not of replicates."""
    p: FloatArray

    @property
    def difference(self) -> FloatArray:
        """Mean after less mean before."""
        return self.mean_after - self.mean_before


def compare(before: FloatArray, after: FloatArray, draw_weights: DrawItems, draw_signs: DrawItems) -> PairedComparisons:
    """Compare pairs of columns item by item.

    Args:
        before: Values before the change, of shape (items, comparisons); NaN where there is none.
        after: Values after the change, likewise.
        draw_weights: Returns the weights of items in each replicate.
        draw_signs: Returns the signs of items in each flip.
    """
    is_paired = ~(np.isnan(before) | np.isnan(after))
    n = np.count_nonzero(is_paired, axis=0)
    first, second = (np.where(is_paired, values, 0.0) for values in (before, after))
    is_binary: BoolArray = np.all(np.isin(first, (0, 1)) & np.isin(second, (0, 1)), axis=0)
    only_before, only_after = np.sum(first > second, axis=0), np.sum(second > first, axis=0)
    low, high = bonett_price_interval(only_after, only_before, n)
    p = mcnemar_p(only_after, only_before)
    other = np.flatnonzero(~is_binary & (n > 0))
    if len(other):
        # Items that no comparison needs draw nothing.
        items = np.flatnonzero(is_paired[:, other].any(axis=1))
        chosen = np.ix_(items, other)
        values = np.stack([first[chosen], second[chosen]])
        rounded = round_to_step(values)
        difference = rounded[1] - rounded[0]  # A multiple of the step, so that sums are exact in any order.
        p[other] = _flipped_p(difference, lambda rows: draw_signs(items[rows]), 2 * step_of(values) * len(items))
        low[other], high[other] = _percentiles(difference, is_paired[chosen], lambda rows: draw_weights(items[rows]))
        is_single = other[n[other] < 2]
        low[is_single] = high[is_single] = np.nan
    p[n == 0] = np.nan
    return PairedComparisons(n, divide(first.sum(axis=0), n), divide(second.sum(axis=0), n), low, high, is_binary, p)


def _flipped_p(difference: FloatArray, draw: DrawItems, tolerance: float) -> FloatArray:
    """Return the p of the sign-flip test of each column; see `count_extreme` for the tolerance."""
    total = difference.sum(axis=0)
    flipped = _sums(difference, draw)
    # A sum of squares is not exact, but it only chooses between two ways to compute p, and p is rounded.
    squares = (difference**2).sum(axis=0)
    return sign_flip_p(count_extreme(flipped, total, tolerance), len(flipped), total, squares)


def _percentiles(difference: FloatArray, is_paired: BoolArray, draw: DrawItems) -> tuple[FloatArray, FloatArray]:
    """Return the interval of each column's mean difference."""
    total, weight = _sums(difference, draw), _sums(is_paired.astype(np.float64), draw)
    return percentile_interval(np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0).T)


def _sums(columns: FloatArray, draw: DrawItems) -> FloatArray:
    """Return the weighted sums of each column in each draw, of shape (draws, columns)."""
    return sum((draw(rows).T.astype(np.float64) @ columns[rows] for rows in _blocks(len(columns))), start=np.zeros(1))


def _blocks(n_items: int) -> Iterator[IntArray]:
    size = max(BLOCK // 10_000, 1)
    for start in range(0, n_items, size):
        yield np.arange(start, min(start + size, n_items))
