"""Moments of a mean over items in clusters: items that depend on each other, such as the questions on one passage."""

import math

import numpy as np

from every_eval.statistics.groups import FloatArray, Groups, IntArray


def cluster_moments(clusters: IntArray, values: FloatArray) -> tuple[int, float]:
    """Return the number G of clusters, and the sum of squared deviations of clusters, in place of n and m2 of items.

    The deviation of a cluster is u = G / n Σ (x - mean) over its items, so that Σ u² / (G - 1) / G is the
    cluster-robust variance G / (G - 1) Σ (Σ (x - mean))² / n² of the mean: Liang and Zeger, Biometrika 73 (1986),
    13-22, with the factor G / (G - 1) for few clusters. If each item is a cluster of its own, the result is n and m2.

    Args:
        clusters: Number of the cluster of each item.
        values: Value of each item, none missing.

    Returns:
        The number of clusters, and their squared deviations in the square of the values' unit; NaN without items.
    """
    if not len(values):
        return 0, math.nan
    deviations = Groups(clusters).add(values - np.mean(values))
    n_clusters = len(deviations)
    return n_clusters, float(np.sum((deviations * n_clusters / len(values)) ** 2))
