import math

import numpy as np
import pytest

from every_eval.statistics.intervals import wilson
from every_eval.statistics.mover import mean_interval


def test_a_single_score_keeps_its_interval() -> None:
    low, high = wilson(np.array([[1.0, 0.3]]), np.array([10.0]))
    ends = mean_interval(np.array([[1.0, 0.3]]), low, high)
    assert np.array(ends) == pytest.approx(np.array([low[0], high[0]]), rel=1e-14)
    assert ends[1][0] == 1.0


def test_distances_to_the_ends_add_as_squares() -> None:
    # Scores 0.2 and 0.6, lower ends 3 and 4 hundredths below, upper ends 6 and 8 above: 5 / 2 and 10 / 2 hundredths.
    scores = np.array([[0.2], [0.6]])
    low, high = mean_interval(scores, np.array([[0.17], [0.56]]), np.array([[0.26], [0.68]]))
    assert (low[0], high[0]) == pytest.approx((0.375, 0.45), rel=1e-12)


def test_a_row_counts_the_columns_in_which_it_has_a_score() -> None:
    scores = np.array([[0.2, math.nan], [0.6, math.nan], [math.nan, math.nan]])
    low, high = mean_interval(scores, scores - 0.1, scores + 0.1)
    assert (low[0], high[0]) == pytest.approx((0.4 - 0.1 / math.sqrt(2), 0.4 + 0.1 / math.sqrt(2)))
    assert np.isnan([low[1], high[1]]).all()


def test_a_score_without_an_interval_leaves_the_mean_without_one() -> None:
    scores = np.array([[0.2], [0.6]])
    low, _ = mean_interval(scores, np.array([[0.1], [math.nan]]), scores)
    assert np.isnan(low[0])


def test_weights_count_as_shares() -> None:
    # Weights 3 and 1: mean 0.75 · 0.2 + 0.25 · 0.6 = 0.3; below, √((0.75 · 0.04)² + (0.25 · 0.16)²) = 0.05.
    scores = np.array([[0.2], [0.6]])
    low, high = mean_interval(scores, np.array([[0.16], [0.44]]), scores, np.array([3.0, 1.0]))
    assert (low[0], high[0]) == pytest.approx((0.25, 0.3), rel=1e-12)
