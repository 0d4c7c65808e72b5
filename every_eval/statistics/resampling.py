"""Mean win rates and mean scores of a main table in each bootstrap replicate.

`scores` has the shape (columns, rows, replicates). A score is NaN where the row has no value in the column, or where
the replicate drew none of the row's instances. Position r of the last axis is the same resample for all rows and
columns.

A row that has values in a column, but none in a replicate, has no aggregate in that replicate: the aggregate would be
over fewer columns than the number whose interval it is for.
"""

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.ties import count_ties
from every_eval.statistics.win_rates import Directions


def resampled_win_rates(scores: FloatArray, lower_is_better: Directions) -> FloatArray:
    """Return `mean_win_rates` in each replicate, of shape (rows, replicates); `ties` says which scores tie."""
    rates, is_counted = np.full(scores.shape, np.nan), np.zeros(scores.shape[:2], np.bool_)
    for column, (values, lower) in enumerate(zip(scores, lower_is_better, strict=True)):
        has_values = _has_values(values)
        if lower is not None and np.sum(has_values) > 1:
            rates[column], is_counted[column] = _win_rates(-values if lower else values), has_values
    return _mean_over_columns(rates, is_counted)


def resampled_mean_scores(scores: FloatArray) -> FloatArray:
    """Return the plain mean of each row over its columns in each replicate, of shape (rows, replicates)."""
    return _mean_over_columns(scores, _has_values(scores))


def _has_values(values: FloatArray) -> BoolArray:
    """Tell whether there is a value in any replicate."""
    has_values: BoolArray = np.any(~np.isnan(values), axis=-1)
    return has_values


def _win_rates(upward: FloatArray) -> FloatArray:
    """Return the win rates of the rows in each replicate; higher values are better."""
    replicates = np.broadcast_to(np.arange(upward.shape[1]), upward.shape)
    return count_ties(replicates.ravel(), upward.ravel()).win_rates.reshape(upward.shape)


def _mean_over_columns(values: FloatArray, is_counted: BoolArray) -> FloatArray:
    total = np.sum(np.where(is_counted[..., np.newaxis], values, 0.0), axis=0)
    n = np.sum(is_counted, axis=0)[:, np.newaxis]
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
