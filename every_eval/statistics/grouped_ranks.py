"""Ranks within many groups at once: the one rule by which anything here is ranked."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from every_eval.statistics.groups import FloatArray, IntArray

RankArray = npt.NDArray[np.int32]

TIE: float = 1e-9
"""Relative difference up to which values tie."""


BLOCK: int = 1 << 18
"""Values that are sorted at once: as many as fit in whole groups, or one group."""


def ranks_within(groups: IntArray, values: FloatArray) -> tuple[RankArray, RankArray]:
    """The place of each value among those of its group, the highest first, and how many have a place.

    Args:
        groups: A number for each group, of shape (n,).
        values: Of shape (n,); NaN has no place, and what is returned for it means nothing.

    Values that differ from their neighbour by at most `TIE` relative share the best place of theirs: 1, 1, 3.
    """
    ranks, n_placed = np.zeros(len(values), np.int32), np.zeros(len(values), np.int32)
    for positions in _whole_groups(groups):
        placed = positions[~np.isnan(values[positions])]
        placed = placed[np.lexsort((-values[placed], groups[placed]))]
        ranks[placed], n_placed[placed] = _ranks_in_order(groups[placed], values[placed])
    return ranks, n_placed


def _whole_groups(groups: IntArray) -> Iterator[IntArray]:
    """All positions, block by block; no group is cut."""
    order, start = np.argsort(groups, kind="stable"), 0
    while start < len(order):
        last = groups[order[min(start + BLOCK, len(order)) - 1]]
        end = int(np.searchsorted(groups, last, side="right", sorter=order))
        yield order[start:end]
        start = end


def _ranks_in_order(group: IntArray, value: FloatArray) -> tuple[IntArray, IntArray]:
    """What `ranks_within` says, of values that are sorted by their groups and then the highest first."""
    is_first = np.ones(len(group), np.bool_)
    is_first[1:] = group[1:] != group[:-1]
    starts = np.flatnonzero(is_first)
    sizes = np.diff(starts, append=len(group))
    is_apart = is_first.copy()
    is_apart[1:] |= value[:-1] - value[1:] > TIE * np.maximum(np.abs(value[1:]), np.abs(value[:-1]))
    place = np.maximum.accumulate(np.where(is_apart, np.arange(len(group)), 0))
    return place - np.repeat(starts, sizes) + 1, np.repeat(sizes, sizes)
