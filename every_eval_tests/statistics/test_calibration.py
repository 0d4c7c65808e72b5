import numpy as np
import pytest

from every_eval.statistics.calibration import bin_numbers, calibration_error


def test_bins_hold_equally_many_and_include_their_ends() -> None:
    # sorted: .1 .2 | .4 .6 | .9, with ends in the middle: .3, .75, 1
    assert bin_numbers(np.array([0.9, 0.1, 0.6, 0.2, 0.4]), 3).tolist() == [2, 0, 1, 0, 1]
    # .2 .4 | .6: the end of the first bin is .5, and .4 is not on it; of .5 .5 | .5 the ends are .5 and 1
    assert bin_numbers(np.array([0.2, 0.4, 0.6]), 2).tolist() == [0, 0, 1]
    assert bin_numbers(np.array([0.5, 0.5, 0.5]), 2).tolist() == [0, 0, 0]


def test_with_fewer_probabilities_than_bins_each_has_a_bin() -> None:
    assert bin_numbers(np.array([0.7, 0.3]), 10).tolist() == [1, 0]


def test_the_error_is_the_mean_difference_of_the_bins_by_their_sizes() -> None:
    probabilities, is_correct = np.array([0.9, 0.1, 0.6, 0.2, 0.4]), np.array([False, False, True, True, False])
    # bins {.1, .2}: .15 - .5 = -.35; {.4, .6}: .5 - .5 = 0; {.9}: .9 - 0
    assert calibration_error(probabilities, is_correct, 3) == pytest.approx((2 * 0.35 + 0 + 0.9) / 5, rel=1e-15)


def test_with_one_bin_the_order_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    probabilities = rng.random(50)
    is_correct = rng.random(50) < probabilities
    assert calibration_error(probabilities, is_correct, 1) == abs(np.mean(probabilities) - np.mean(is_correct))
