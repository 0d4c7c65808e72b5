"""Ranks with ties, and the range of ranks that replicates allow."""

import math
from collections.abc import Sequence

import numpy as np

from every_eval.statistics.bootstrap import percentile_interval
from every_eval.statistics.grouped_ranks import ranks_within
from every_eval.statistics.groups import FloatArray


def ranks(values: FloatArray, *, lower_is_better: bool = False) -> FloatArray:
    """The place of each value along the first axis, from 1; NaN has none, and gets NaN.

    A place is one more than the number of values that are better: 1, 1, 3. What ties is said in `ranks_within`.
    """
    upward = -values if lower_is_better else values
    columns = np.arange(math.prod(upward.shape[1:])).reshape(upward.shape[1:])
    groups = np.broadcast_to(columns, upward.shape)
    places, _ = ranks_within(groups.ravel(), upward.ravel())
    return np.where(np.isnan(values), np.nan, places.reshape(values.shape))


def competition_ranks(values: Sequence[float | None]) -> list[int | None]:
    """The place of each value, the highest first; null has none."""
    places = ranks(np.array([np.nan if value is None else value for value in values], np.float64))
    return [None if np.isnan(place) else int(place) for place in places]


def rank_ranges(replicates: FloatArray, *, lower_is_better: bool = False) -> tuple[FloatArray, FloatArray]:
    """First and last place that each row takes in 95 % of the replicates.

    Args:
        replicates: Of shape (rows, replicates), paired: a column is one draw of instances.
        lower_is_better: Direction of the values.
    """
    return percentile_interval(ranks(replicates, lower_is_better=lower_is_better))
