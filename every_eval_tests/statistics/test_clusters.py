import math

import numpy as np
import pytest

from every_eval.statistics.clusters import cluster_moments


def test_items_in_clusters_of_their_own_are_a_plain_sample() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.5])
    n, m2 = cluster_moments(np.array([3, 0, 2, 1]), values)
    assert [n, m2] == pytest.approx([4, ((values - values.mean()) ** 2).sum()], rel=1e-14)


def test_the_variance_is_that_of_liang_and_zeger() -> None:
    # Clusters {1, 1, 0} and {0, 0}: mean 0.4, sums of deviations 0.8 and -0.8. G / (G - 1) Σ² / n² = 2 · 1.28 / 25.
    n, m2 = cluster_moments(np.array([7, 7, 7, 9, 9]), np.array([1.0, 1.0, 0.0, 0.0, 0.0]))
    assert n == 2
    assert m2 / (n - 1) / n == pytest.approx(2 * 1.28 / 25, rel=1e-14)


def test_equal_answers_within_clusters_count_once() -> None:
    values = np.array([0.0, 1.0, 1.0])
    n, m2 = cluster_moments(np.repeat([0, 1, 2], 5), np.repeat(values, 5))
    assert [n, m2] == pytest.approx([3, 2 / 3], rel=1e-14)


def test_without_items_there_is_no_cluster() -> None:
    n, m2 = cluster_moments(np.zeros(0, np.int64), np.zeros(0))
    assert n == 0 and math.isnan(m2)
