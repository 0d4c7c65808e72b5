import math

import numpy as np
import pytest

from every_eval.statistics.crossed_error import add_trials, crossed_standard_error, trial_moments


def test_one_trial_has_the_error_of_the_mean_of_items() -> None:
    # Deviations -1, 0, 1: variance 1, over 3 items.
    assert crossed_standard_error(np.array([[1.0], [2.0], [3.0]])) == pytest.approx(math.sqrt(1 / 3))


def test_equal_trials_add_nothing() -> None:
    items = np.array([[0.0], [1.0], [1.0], [0.0]])
    assert crossed_standard_error(np.repeat(items, 3, axis=1)) == pytest.approx(crossed_standard_error(items))


def test_a_shift_of_a_whole_trial_adds_the_variance_of_trials() -> None:
    # Items 0, 2 and trials 0, 1 without a residual: variance of item means 2 over 2, of trial means 0.5 over 2.
    assert crossed_standard_error(np.array([[0.0, 1.0], [2.0, 3.0]])) == pytest.approx(math.sqrt(1 + 0.25))


def test_trials_that_differ_less_than_residuals_explain_add_nothing() -> None:
    # Item means 0.5, 0.5 and trial means 0.5, 0.5: only residuals.
    assert crossed_standard_error(np.array([[0.0, 1.0], [1.0, 0.0]])) == 0.0


def test_the_error_is_that_of_means_drawn_anew() -> None:
    generator = np.random.default_rng(7)
    tables = [
        generator.normal(0, 1.0, (12, 1)) + generator.normal(0, 0.7, (1, 5)) + generator.normal(0, 0.5, (12, 5))
        for _ in range(4000)
    ]
    true = 1 / 12 + 0.49 / 5 + 0.25 / 60
    squares = [crossed_standard_error(table) ** 2 for table in tables]
    assert np.var([table.mean() for table in tables]) == pytest.approx(true, rel=0.08)
    assert np.mean(squares) == pytest.approx(true, rel=0.05)


def test_fewer_than_two_items_have_no_error() -> None:
    assert math.isnan(crossed_standard_error(np.zeros((1, 3))))
    assert math.isnan(crossed_standard_error(np.zeros((0, 0))))


def test_moments_of_trials_are_those_of_an_analysis_of_variance() -> None:
    # Trial means 0.5 and 1: variance 0.125. Residuals: each item mean and trial mean taken off, ±0.25: 4 / 16 over 1.
    trial_variance, residual = trial_moments(np.array([[0.0, 1.0], [1.0, 1.0]]))
    assert [trial_variance, residual] == pytest.approx([0.125, 0.25])


def test_one_trial_or_one_item_leaves_moments_unknown() -> None:
    assert np.isnan(trial_moments(np.zeros((3, 1)))).all()
    assert math.isnan(trial_moments(np.zeros((1, 3)))[1])
    assert np.isnan(trial_moments(np.zeros((0, 3)))).all()


def test_degrees_of_freedom_are_those_of_satterthwaite() -> None:
    # a = 0.02, b = 0.06 / 3 = 0.02, c = 0.3 / (10 · 3) = 0.01: error² 0.03.
    numbers = (0.02, 10.0, 3.0, 0.06, 0.3)
    error, freedom = add_trials(*(np.array([number]) for number in numbers))
    assert error[0] == pytest.approx(math.sqrt(0.03))
    assert freedom[0] == pytest.approx(0.0009 / (0.0004 / 9 + 0.0004 / 2 + 0.0001 / 18))


def test_without_variance_of_trials_the_degrees_of_freedom_are_those_of_items() -> None:
    for trial_variance, residual in ((0.001, 0.3), (math.nan, math.nan)):
        numbers = (0.02, 10.0, 3.0, trial_variance, residual)
        error, freedom = add_trials(*(np.array([number]) for number in numbers))
        assert (error[0], freedom[0]) == (math.sqrt(0.02), 9.0)
