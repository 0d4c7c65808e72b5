"""Interval of a mean of scores, from the intervals of the scores: the method of variance estimates recovery (MOVER)."""

import numpy as np

from every_eval.statistics.groups import FloatArray


def mean_interval(
    scores: FloatArray, low: FloatArray, high: FloatArray, weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval of a weighted mean m of independent scores, with weights w that sum to 1.

    m - √Σ w² (score - low)² and m + √Σ w² (high - score)²: Zou and Donner, Statistics in Medicine 27 (2008),
    1693-1702. The interval of a single score is its own.

    Args:
        scores: Of shape (columns, rows); NaN where a row has no score in a column.
        low: Lower ends of the scores' intervals, of the same shape.
        high: Upper ends of the scores' intervals.
        weights: Weight of each column; equal weights if null. In each row they are divided by their sum.

    Returns:
        Ends of shape (rows); NaN where a row has no score, or a score without an interval.
    """
    is_counted = ~np.isnan(scores)
    of_columns = np.ones(len(scores)) if weights is None else weights
    parts = is_counted * of_columns[:, np.newaxis]
    total = np.where(is_counted.any(axis=0), parts.sum(axis=0), np.nan)
    middle = np.sum(np.where(is_counted, parts * scores, 0.0), axis=0) / total
    down = np.sqrt(np.sum(np.where(is_counted, parts * (scores - low), 0.0) ** 2, axis=0)) / total
    up = np.sqrt(np.sum(np.where(is_counted, parts * (high - scores), 0.0) ** 2, axis=0)) / total
    return middle - down, middle + up
