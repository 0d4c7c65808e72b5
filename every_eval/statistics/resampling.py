"""A main table's aggregates in each replicate: mean win rates and mean scores of all rows.

`scores` is of shape (columns, rows, replicates), NaN where a row has no value in a column, or the replicate drew none
of its instances. Replicates are paired: position r is one draw of instances, of all rows and columns.

A row that has values in a column but none in a replicate has no aggregate in that replicate: it would be over other
columns than the number that it stands beside.
"""

import numpy as np

from every_eval.statistics.grouped_ranks import TIE
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.win_rates import Directions


def resampled_win_rates(scores: FloatArray, lower_is_better: Directions) -> FloatArray:
    """`mean_win_rates` in each replicate, of shape (rows, replicates); values within `TIE` relative tie."""
    rates, counts = np.full(scores.shape, np.nan), np.zeros(scores.shape[:2], np.bool_)
    for column, (values, lower) in enumerate(zip(scores, lower_is_better, strict=True)):
        is_measured = _is_measured(values)
        if lower is not None and np.sum(is_measured) > 1:
            rates[column], counts[column] = _win_rates(-values if lower else values), is_measured
    return _mean_over_columns(rates, counts)


def resampled_mean_scores(scores: FloatArray) -> FloatArray:
    """Each row's plain mean over the columns that it has, in each replicate: of shape (rows, replicates)."""
    return _mean_over_columns(scores, _is_measured(scores))


def _is_measured(values: FloatArray) -> BoolArray:
    """Whether there is a value in any replicate."""
    is_measured: BoolArray = np.any(~np.isnan(values), axis=-1)
    return is_measured


def _win_rates(upward: FloatArray) -> FloatArray:
    """(values beaten + ties / 2) / (values - 1) down each replicate; NaN where there are fewer than two values."""
    n_others = np.sum(~np.isnan(upward), axis=0) - 1
    wins = np.empty(upward.shape)
    for row, own in enumerate(upward):
        is_tie = np.abs(upward - own) <= TIE * np.fmax(np.abs(upward), np.abs(own))
        # each value ties with itself
        wins[row] = np.sum((own > upward) & ~is_tie, axis=0) + (np.sum(is_tie, axis=0) - 1) / 2
    return np.where(np.isnan(upward) | (n_others < 1), np.nan, wins / np.maximum(n_others, 1))


def _mean_over_columns(values: FloatArray, counts: BoolArray) -> FloatArray:
    total = np.sum(np.where(counts[..., np.newaxis], values, 0.0), axis=0)
    n = np.sum(counts, axis=0)[:, np.newaxis]
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
