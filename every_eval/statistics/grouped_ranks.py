"""Ranks within many groups at once: the one rule by which anything here is ranked."""

import numpy as np

from every_eval.statistics.groups import FloatArray, IntArray

TIE: float = 1e-9
"""Relative difference up to which values tie."""


def ranks_within(groups: IntArray, values: FloatArray) -> tuple[IntArray, IntArray]:
    """The place of each value among those of its group, the highest first, and how many have a place.

    Args:
        groups: A number for each group, of shape (n,).
        values: Of shape (n,); NaN has no place, and what is returned for it means nothing.

    Values that differ from their neighbour by at most `TIE` relative share the best place of theirs: 1, 1, 3.
    """
    ranks, n_placed = np.zeros(len(values), np.int64), np.zeros(len(values), np.int64)
    order = np.flatnonzero(~np.isnan(values))
    order = order[np.lexsort((-values[order], groups[order]))]
    group, value = groups[order], values[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = group[1:] != group[:-1]
    starts = np.flatnonzero(is_first)
    sizes = np.diff(starts, append=len(order))
    is_apart = is_first.copy()
    is_apart[1:] |= value[:-1] - value[1:] > TIE * np.maximum(np.abs(value[1:]), np.abs(value[:-1]))
    place = np.maximum.accumulate(np.where(is_apart, np.arange(len(order)), 0))
    ranks[order] = place - np.repeat(starts, sizes) + 1
    n_placed[order] = np.repeat(sizes, sizes)
    return ranks, n_placed
