"""Ranks with ties, and the range of ranks that replicates allow."""

import numpy as np

from every_eval.statistics.bootstrap import percentile_interval
from every_eval.statistics.grouped_ranks import TIE
from every_eval.statistics.groups import FloatArray


def ranks(values: FloatArray, *, lower_is_better: bool = False) -> FloatArray:
    """The place of each value along the first axis, from 1; NaN has none, and gets NaN.

    A place is one more than the number of values that are better: 1, 1, 3. Values within `TIE` relative are equal.
    """
    upward = -values if lower_is_better else values
    ties = TIE * np.abs(upward)
    n_better = [np.sum(upward - own > np.fmax(ties, TIE * np.abs(own)), axis=0) for own in upward]
    return np.where(np.isnan(values), np.nan, np.reshape(n_better, values.shape) + 1.0)


def rank_ranges(replicates: FloatArray, *, lower_is_better: bool = False) -> tuple[FloatArray, FloatArray]:
    """First and last place that each row takes in 95 % of the replicates.

    Args:
        replicates: Of shape (rows, replicates), paired: a column is one draw of instances.
        lower_is_better: Direction of the values.
    """
    return percentile_interval(ranks(replicates, lower_is_better=lower_is_better))
