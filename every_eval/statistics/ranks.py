"""Ranks with ties."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.ties import count_ties

RankArray = npt.NDArray[np.int32]

BLOCK: int = 1 << 18
"""Number of values that are sorted at once, which bounds memory; a larger group is sorted as a whole."""


def ranks_within(groups: IntArray, values: FloatArray) -> tuple[RankArray, RankArray]:
    """Return the rank of each value in its group, the highest value first, and the number of values in the group.

    A rank is one more than the number of better values, so that ties share the best rank: 1, 1, 3. `ties` says which
    values tie.

    Args:
        groups: Number of the group of each value, of shape (n,).
        values: Of shape (n,); NaN has no rank, and its results mean nothing.
    """
    ranks, n_ranked = np.zeros(len(values), np.int32), np.zeros(len(values), np.int32)
    for positions in _blocks_of_groups(groups):
        counts = count_ties(groups[positions], values[positions])
        ranks[positions], n_ranked[positions] = counts.n_better + 1, counts.n_values
    return ranks, n_ranked


def _blocks_of_groups(groups: IntArray) -> Iterator[IntArray]:
    """Yield all positions in blocks that cut no group."""
    order, start = np.argsort(groups, kind="stable"), 0
    while start < len(order):
        last = groups[order[min(start + BLOCK, len(order)) - 1]]
        end = int(np.searchsorted(groups, last, side="right", sorter=order))
        yield order[start:end]
        start = end


def ranks(values: FloatArray, *, lower_is_better: bool = False) -> FloatArray:
    """Return the rank of each value along the first axis, as `ranks_within` gives it; NaN gets NaN."""
    upward = -values if lower_is_better else values
    columns = np.arange(math.prod(upward.shape[1:])).reshape(upward.shape[1:])
    groups = np.broadcast_to(columns, upward.shape)
    found, _ = ranks_within(groups.ravel(), upward.ravel())
    return np.where(np.isnan(values), np.nan, found.reshape(values.shape))
