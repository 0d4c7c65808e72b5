"""Ranks within many groups at once."""

import numpy as np
from numpy.typing import NDArray

TIE: float = 1e-9
"""Relative difference up to which values tie."""


def ranks_within(groups: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The place of each value among those of its group, the highest first, and how many have a place.

    Args:
        groups: A number for each group, of shape (n,).
        values: Of shape (n,); NaN has no place, and what is returned for it means nothing.

    Values that differ from their neighbour by at most `TIE` relative share the best place of theirs: 1, 1, 3.
    """
    order = np.lexsort((-values, groups))
    group, value = groups[order], values[order]
    position = np.arange(len(order))
    is_first = np.r_[True, group[1:] != group[:-1]] if len(order) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(is_first, position, 0))
    apart = np.abs(np.diff(value, prepend=np.nan)) > TIE * np.maximum(np.abs(value), np.abs(np.roll(value, 1)))
    place = np.maximum.accumulate(np.where(is_first | apart, position, 0)) - start + 1
    n_placed = np.bincount(groups[~np.isnan(values)], minlength=int(groups.max(initial=-1)) + 1)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = place
    return ranks, n_placed[groups]
