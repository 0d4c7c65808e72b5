import numpy as np
import pytest

from every_eval.statistics.calibration import bin_numbers, calibration_error
from every_eval.statistics.calibration_intervals import calibration_interval
from every_eval.statistics.groups import FloatArray


def test_the_error_is_the_expected_calibration_error() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.random(100)
    is_correct = rng.random(100) < probabilities
    for n_bins in (1, 3, 10):
        found = calibration_interval(probabilities, is_correct.astype(float), n_bins)
        assert found.error == pytest.approx(calibration_error(probabilities, is_correct, n_bins), abs=1e-15)
        assert 0 <= found.low <= found.error <= found.high <= 1


def test_with_one_bin_the_interval_is_that_of_the_mean_difference() -> None:
    # n = 4, differences .8 - 1, .6 - 1, .9 - 0, .7 - 1 = -.2 -.4 .9 -.3: mean 0, Σd² = .04 + .16 + .81 + .09 = 1.1
    found = calibration_interval(np.array([0.8, 0.6, 0.9, 0.7]), np.array([1.0, 1, 0, 1]), 1)
    # On the scale from 0 to 1: p̃ = (4 · .5 + 2) / 8 = .5, variance (1.1 / 4 + .25) / 4 = .13125; s = 2 √(.13125 / 4).
    # The gamma distribution's percentile is 1.975 s, that of the half-normal one 1.960 s.
    sigma = 2 * np.sqrt(0.13125 / 4)
    assert found.error == pytest.approx(0, abs=1e-15)
    assert found.low == 0
    assert found.high == pytest.approx(1.96 * sigma, rel=0.01)


def test_an_answer_counts_by_its_share_of_right_trials() -> None:
    assert calibration_interval(np.array([0.5, 0.5]), np.array([0.5, 0.25]), 1).error == 0.125


def test_a_single_answer_has_a_wide_interval() -> None:
    found = calibration_interval(np.array([0.9]), np.array([1.0]), 10)
    assert found.error == pytest.approx(0.1)
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize("n", [30, 100, 1000])
@pytest.mark.parametrize("n_bins", [1, 10])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_interval_covers_the_error_of_all_answers(n: int, n_bins: int, power: float) -> None:
    """Answers are right with probability p^power: the model is calibrated, or states too much."""
    rng = np.random.default_rng([n, n_bins, int(power)])
    covered = []
    for _ in range(200):
        stated = rng.beta(3, 1, n)
        found = calibration_interval(stated, (rng.random(n) < stated**power).astype(float), n_bins)
        covered.append(found.low - 1e-9 <= true_error(stated, stated**power, n_bins) <= found.high + 1e-9)
    assert np.mean(covered) > 0.92  # .95 less two standard errors of the share of 200


def true_error(stated: FloatArray, true: FloatArray, n_bins: int) -> float:
    bins = bin_numbers(stated, n_bins)
    return sum(abs(float(np.sum((stated - true)[bins == number]))) for number in np.unique(bins)) / len(bins)
