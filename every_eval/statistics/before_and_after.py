"""Compare two values of the same items: before and after a change, such as a perturbation or a new release."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray, IntArray, divide
from every_eval.statistics.paired_comparison import Comparison, compare
from every_eval.statistics.strata import Stratum

BLOCK: Final = 64
"""Number of comparisons that are made at once. Each can be over other items, and memory grows with the square."""


@dataclass(frozen=True)
class Changes:
    """Comparisons of values before and after changes: one element for each change, NaN if no item has both values."""

    n: IntArray
    """Number of items with both values."""
    mean_before: FloatArray
    """Mean value before the change over the n items."""
    mean_after: FloatArray
    """Mean value after the change."""
    low: FloatArray
    """Lower end of the 95 % interval of mean_after - mean_before; NaN for a single item that is not 0 or 1."""
    high: FloatArray
    """Upper end of the interval."""
    is_binary: BoolArray
    """Whether all values are 0 or 1, so that the interval is Bonett and Price's and not of replicates."""
    p_value: FloatArray
    """P-value of no change."""

    @property
    def difference(self) -> FloatArray:
        """Mean after less mean before."""
        return self.mean_after - self.mean_before


def compare_changes(items: IntArray, before: FloatArray, after: FloatArray) -> Changes:
    """Compare columns item by item, by the methods of `paired_comparison`.

    Args:
        items: Number of each item.
        before: Values before the change, of shape (items, comparisons); NaN where there is none.
        after: Values after the change, likewise.
    """
    is_paired = ~(np.isnan(before) | np.isnan(after))
    n = np.count_nonzero(is_paired, axis=0)
    first, second = (divide(np.where(is_paired, values, 0.0).sum(axis=0), n) for values in (before, after))
    low, high, p_value = np.full((3, len(n)), np.nan)
    is_binary = np.zeros(len(n), np.bool_)
    having = np.flatnonzero(n)
    for start in range(0, len(having), BLOCK):
        some = having[start : start + BLOCK]
        tested = _compare(items, before[:, some], after[:, some], is_paired[:, some])
        low[some], high[some], p_value[some] = tested.low, tested.high, tested.p_value
        is_binary[some] = ~np.isnan(tested.n_only_a)
    return Changes(n, first, second, low, high, is_binary, p_value)


def _compare(items: IntArray, before: FloatArray, after: FloatArray, is_paired: BoolArray) -> Comparison:
    is_used = is_paired.any(axis=1)
    rows = np.concatenate([np.where(is_paired, values, np.nan)[is_used].T for values in (after, before)])
    stratum = Stratum.of(0, items[is_used], rows, np.ones(len(rows)))
    first, second = np.split(np.arange(len(rows)), 2)
    return compare([stratum], first, second)
