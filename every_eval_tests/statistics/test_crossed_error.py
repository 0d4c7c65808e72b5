import math

import numpy as np
import pytest

from every_eval.statistics.crossed_error import crossed_standard_error


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
