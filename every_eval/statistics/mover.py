"""Interval of a mean of scores, from the intervals of the scores: the method of variance estimates recovery (MOVER)."""

import numpy as np

from every_eval.statistics.groups import FloatArray


def mean_interval(means: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval of a plain mean m of C independent scores.

    m - √Σ (score - low)² / C and m + √Σ (high - score)² / C: Zou and Donner, Statistics in Medicine 27 (2008),
    1693-1702. The interval of a single score is its own.

    Args:
        means: Scores of shape (columns, rows); NaN where a row has no score in a column.
        low: Lower ends of the scores' intervals, of the same shape.
        high: Upper ends of the scores' intervals.

    Returns:
        Ends of shape (rows); NaN where a row has no score, or a score without an interval.
    """
    is_counted = ~np.isnan(means)
    n = np.where(is_counted.any(axis=0), is_counted.sum(axis=0), np.nan)
    middle = np.sum(np.where(is_counted, means, 0.0), axis=0) / n
    down = np.sqrt(np.sum(np.where(is_counted, means - low, 0.0) ** 2, axis=0)) / n
    up = np.sqrt(np.sum(np.where(is_counted, high - means, 0.0) ** 2, axis=0)) / n
    return middle - down, middle + up
