import math

import numpy as np
import pytest
from scipy.stats import norm

from every_eval.statistics.additive_fit import AdditiveFit
from every_eval.statistics.adjusted_scores import AdjustedScores, SamplingErrors
from every_eval.statistics.groups import BoolArray, FloatArray


def independent(variances: FloatArray) -> SamplingErrors:
    """Errors of scores that share no items."""
    n_models = variances.shape[1]
    return SamplingErrors(variances, np.full((len(variances), n_models, n_models), math.nan))


def with_gaps(seed: int) -> tuple[FloatArray, BoolArray]:
    rng = np.random.default_rng(seed)
    is_measured = rng.random((5, 8)) > 0.4
    is_measured[0] = True
    return np.where(is_measured, rng.random((5, 8)), math.nan), is_measured


def test_without_gaps_the_variance_is_that_of_a_mean() -> None:
    scores = np.random.default_rng(1).random((4, 3))
    variances = np.random.default_rng(2).random((4, 3)) / 100
    found = AdjustedScores.of(scores, independent(variances))
    assert found.values == pytest.approx(scores.mean(axis=0))
    assert np.diag(found.covariances) == pytest.approx(variances.sum(axis=0) / 16)
    assert found.is_complete.all()


def test_the_variance_of_a_difference_without_gaps_is_that_of_paired_scores() -> None:
    scores = np.array([[0.5, 0.7], [0.2, 0.5]])
    of_differences = np.array([[[0.0, 0.003], [0.003, 0.0]], [[0.0, 0.001], [0.001, 0.0]]])
    found = AdjustedScores.of(scores, SamplingErrors(np.full((2, 2), 0.01), of_differences))
    assert found.difference_variances[0, 1] == pytest.approx(0.004 / 4)
    assert found.p_values()[0, 1] == pytest.approx(2 * norm.sf(0.25 / math.sqrt(0.001)), rel=1e-6)
    low, high = found.intervals()
    assert high[0] - low[0] == pytest.approx(2 * 1.959963985 * math.sqrt(0.02 / 4))


def test_the_sampling_variance_is_that_of_drawn_scores() -> None:
    _, is_measured = with_gaps(3)
    rng = np.random.default_rng(4)
    additive = np.where(is_measured, rng.random(8) + rng.random((5, 1)), math.nan)
    errors = rng.random((5, 8)) / 10
    # The errors of two models in a column have a correlation of one half.
    products = errors[:, :, np.newaxis] * errors[:, np.newaxis]
    of_differences = errors[:, :, np.newaxis] ** 2 + errors[:, np.newaxis] ** 2 - products
    found = AdjustedScores.of(additive, SamplingErrors(np.where(is_measured, errors**2, math.nan), of_differences))
    assert found.interaction == 0

    n_draws = 20_000
    noise = (rng.normal(size=(5, 1, n_draws)) + rng.normal(size=(5, 8, n_draws))) / math.sqrt(2)
    drawn = AdditiveFit.of(is_measured).adjust(additive[..., np.newaxis] + errors[..., np.newaxis] * noise)
    variances = np.diag(found.covariances)
    # A covariance over N draws has an error of at most √(2 v w / N).
    allowed = 5 * np.sqrt(2 * np.outer(variances, variances) / n_draws)
    assert (np.abs(np.cov(drawn) - found.covariances) < allowed).all()


def test_the_interaction_is_what_residuals_show_beyond_the_errors_that_models_do_not_share() -> None:
    # Without an interaction, its estimates before max(0, .) have a mean of 0: residuals of correlated errors are
    # smaller than their variances, and just as much smaller is what is expected of them.
    _, is_measured = with_gaps(6)
    rng = np.random.default_rng(7)
    variances = np.where(is_measured, 0.01, math.nan)
    errors = SamplingErrors(variances, np.full((5, 8, 8), 2 * 0.01 * (1 - 0.8)))
    estimates = []
    for _ in range(400):
        noise = math.sqrt(0.8) * rng.normal(size=(5, 1)) + math.sqrt(0.2) * rng.normal(size=(5, 8))
        estimates.append(AdjustedScores.of(np.where(is_measured, 0.1 * noise, math.nan), errors).interaction)
    # About half of them are 0, and a single one is rarely above 0.002, the variance that is not shared.
    assert 0.4 < np.mean(np.array(estimates) == 0) < 0.7
    assert np.mean(estimates) < 0.001


def test_an_interaction_is_found_and_widens_models_with_gaps_alone() -> None:
    rng = np.random.default_rng(5)
    scores = rng.random(40) + rng.random((30, 1)) + rng.normal(0, 0.06, (30, 40))
    scores[:15, :20] = math.nan
    found = AdjustedScores.of(scores, independent(np.where(np.isnan(scores), math.nan, 0.0)))
    assert math.sqrt(found.interaction) == pytest.approx(0.06, rel=0.1)
    variances = np.diag(found.covariances)
    assert (variances[20:] < 1e-15).all()
    assert (variances[:20] > 0.06**2 / 30 * 0.9).all()


def test_an_unknown_variance_leaves_those_that_it_counts_for_unknown() -> None:
    scores = np.array([[0.5, 0.7, 0.6], [0.2, 0.5, math.nan]])
    variances = np.array([[0.01, math.nan, 0.01], [0.01, 0.01, math.nan]])
    found = AdjustedScores.of(scores, independent(variances))
    assert np.isnan(np.diag(found.covariances)).tolist() == [False, True, True]
    assert not np.isnan(found.values).any()


def test_models_that_nothing_connects_have_no_adjusted_score() -> None:
    scores = np.array([[0.5, 0.7, math.nan], [0.2, 0.5, math.nan], [math.nan, math.nan, 0.9]])
    found = AdjustedScores.of(scores, independent(np.where(np.isnan(scores), math.nan, 0.01)))
    assert np.isnan(found.values).tolist() == [False, False, True]
    assert np.isnan(found.p_values()[2]).all()
