"""Ties: the one rule that says which values count as equal, for ranks and win rates.

Sort the values of a group, the highest first. The first value starts a tie; the tie holds every value that differs
from its start by at most the tolerance, relative to the larger of the two. The next value starts the next tie. So each
value is in exactly one tie, also in a chain of values that each differ little from their neighbour: of 1, 1 + 0.8e-9
and 1 + 1.6e-9, the last two tie at a tolerance of 1e-9, and the first is worse than both.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray, IntArray, divide

TOLERANCE: Final = 1e-9
"""Relative difference up to which two values count as equal."""


@dataclass(frozen=True)
class TieCounts:
    """For each value: how many values of its group are better than it, and how many tie with it. All 0 for NaN."""

    n_better: IntArray
    n_tied: IntArray
    """Number of values in the tie, the value itself included."""
    n_values: IntArray
    """Number of values in the group that are not NaN."""

    @property
    def win_rates(self) -> FloatArray:
        """(values beaten + values tied / 2) / (other values); NaN where there is no other value."""
        wins = self.n_values - self.n_better - self.n_tied + (self.n_tied - 1) / 2
        return divide(wins, np.maximum(self.n_values - 1, 0))


def count_ties(groups: IntArray, values: FloatArray, tolerance: float = TOLERANCE) -> TieCounts:
    """Compare each value with the other values of its group; the highest is the best.

    Args:
        groups: Number of the group of each value, of shape (n,).
        values: Finite values of shape (n,); NaN is no value and is compared with nothing.
        tolerance: Relative difference up to which values tie; 0: equal values alone.
    """
    counts = TieCounts(*(np.zeros(len(values), np.int64) for _ in range(3)))
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.lexsort((-values[known], groups[known]))]
    group_starts = _starts_of_runs(groups[order])
    tie_starts = _starts_of_ties(values[order], group_starts, tolerance)
    counts.n_values[order], first_of_group = _sizes_and_starts(group_starts)
    counts.n_tied[order], first_of_tie = _sizes_and_starts(tie_starts)
    counts.n_better[order] = first_of_tie - first_of_group
    return counts


def _starts_of_ties(values: FloatArray, group_starts: BoolArray, tolerance: float) -> BoolArray:
    """Mark where a tie starts, in values that are sorted within their groups, the highest first."""
    starts = group_starts.copy()
    # A value that does not tie with its neighbour does not tie with the start of the neighbour's tie either.
    starts[1:] |= ~_are_tied(values[1:], values[:-1], tolerance)
    while True:
        first_of_tie = _sizes_and_starts(starts)[1]
        beyond = np.flatnonzero(~_are_tied(values, values[first_of_tie], tolerance))
        if not len(beyond):
            return starts
        # Only in a chain: the first value beyond the tolerance starts a tie of its own.
        starts[beyond[_starts_of_runs(first_of_tie[beyond])]] = True


def _are_tied(a: FloatArray, b: FloatArray, tolerance: float = TOLERANCE) -> BoolArray:
    """Tell whether two values differ by at most the tolerance, relative to the larger of the two."""
    is_tied: BoolArray = np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b))
    return is_tied


def _starts_of_runs(numbers: IntArray) -> BoolArray:
    """Mark each position whose number differs from the number before it."""
    starts = np.ones(len(numbers), np.bool_)
    starts[1:] = numbers[1:] != numbers[:-1]
    return starts


def _sizes_and_starts(starts: BoolArray) -> tuple[IntArray, IntArray]:
    """Return for each position the length of the run that it is in, and the position where the run starts."""
    first = np.flatnonzero(starts)
    sizes = np.diff(first, append=len(starts))
    return np.repeat(sizes, sizes), np.repeat(first, sizes)
