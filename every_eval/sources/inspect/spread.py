"""Spread of numbers over instances, trials and clusters, as columns of the table `stats`."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from every_eval.statistics.clusters import cluster_moments
from every_eval.statistics.crossed_error import trial_moments
from every_eval.statistics.groups import FloatArray, Groups, IntArray

Row = dict[str, Any]
"""Columns of the table `stats`."""

_OF_TRIALS: Final = ("trial_variance", "residual_mean_square")
_OF_CLUSTERS: Final = ("n_clusters", "cluster_m2")


def means_of_groups(values: FloatArray, keys: IntArray) -> FloatArray:
    """Return the mean of the values of each key, in ascending order of the keys; sums are exact, and rounded once."""
    groups = Groups(keys)
    ordered = values if groups.order is None else values[groups.order]
    if len(groups.keys) == len(ordered):
        return ordered
    numbers, ends = ordered.tolist(), np.cumsum(groups.sizes).tolist()
    return np.array([math.fsum(numbers[start:end]) / (end - start) for start, end in pairwise([0, *ends])])


def moments(values: FloatArray) -> Row:
    """Return the columns of the spread of one number for each instance; none if a number is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        m2 = _sum_of_squares(values - values.mean())
    if not math.isfinite(m2):
        return {}
    return {
        "n_scored": len(values),
        "m2": m2,
        "min": float(values.min()),
        "max": float(values.max()),
        "is_binary": bool(np.isin(values, (0, 1)).all()),
    }


def _sum_of_squares(values: FloatArray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.square(values).sum())


def without_spread(row: Row) -> Row:
    """Return a row without the numbers that stand beside a mean only."""
    spread = ("m2", "min", "max", "is_binary", "standard_error", "mean", "sum")
    return row | dict.fromkeys((*spread, *_OF_TRIALS, *_OF_CLUSTERS))


def trial_spread(table: FloatArray) -> Row:
    """Return the columns of the spread between epochs; none if a number is undefined.

    Args:
        table: Numbers of samples by epochs, none missing.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = trial_moments(table)
    return dict(zip(_OF_TRIALS, numbers, strict=True)) if all(map(math.isfinite, numbers)) else {}


def cluster_spread(pairs: Sequence[tuple[str, float]], clusters: Mapping[str, str]) -> Row:
    """Return the columns of the spread between clusters; none if an instance has no cluster.

    Args:
        pairs: Instance and number.
        clusters: Cluster of each instance.
    """
    names = [clusters.get(instance) for instance, _ in pairs]
    if not names or None in names:
        return {}
    _, numbers = np.unique(np.array(names, np.str_), return_inverse=True)
    with np.errstate(over="ignore", invalid="ignore"):
        n_clusters, m2 = cluster_moments(numbers, np.array([number for _, number in pairs]))
    return dict(zip(_OF_CLUSTERS, (n_clusters, m2), strict=True)) if math.isfinite(m2) else {}
