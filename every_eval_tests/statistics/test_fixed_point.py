import math

import numpy as np
import pytest

from every_eval.statistics.fixed_point import BITS, round_to_step


def test_values_are_multiples_of_a_step_below_the_largest() -> None:
    # The largest absolute value is 3 < 2², so the step is 2 ** (2 - 32).
    values = np.array([0.1, -3.0, 2.5, math.nan])
    rounded = round_to_step(values)
    steps = rounded[:3] * 2.0 ** (BITS - 2)
    assert (steps == np.rint(steps)).all()
    assert np.abs(rounded - values)[:3].max() <= 2.0 ** (2 - BITS - 1)
    assert rounded[1:3].tolist() == [-3.0, 2.5]
    assert np.isnan(rounded[3])


def test_a_power_of_two_has_the_step_of_the_next() -> None:
    assert round_to_step(np.array([1.0, 0.0])).tolist() == [1.0, 0.0]


def test_sums_with_whole_weights_are_equal_in_any_order_and_by_matrix_products() -> None:
    rng = np.random.default_rng(2)
    values, weights = round_to_step(rng.lognormal(0, 3, (500, 7))), rng.poisson(1, (500, 40)).astype(np.float64)
    exact = [[math.fsum(weights[:, r] * values[:, m]) for m in range(7)] for r in range(40)]
    assert weights.sum(axis=0).max() < 2 ** (53 - BITS)
    for order in (np.arange(500), rng.permutation(500), np.arange(500)[::-1]):
        assert (weights[order].T @ values[order]).tolist() == exact


def test_differences_of_rounded_values_are_exact_too() -> None:
    a, b = round_to_step(np.random.default_rng(3).random((2, 300)))
    assert float(np.sum(a - b)) == math.fsum(a) - math.fsum(b)


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((0, 2)), np.full(2, math.nan)])
def test_nothing_to_round_stays_as_it_is(values: np.ndarray) -> None:
    assert np.array_equal(round_to_step(values), values, equal_nan=True)


def test_a_column_with_an_infinite_value_has_no_exact_sums() -> None:
    assert np.isnan(round_to_step(np.array([1.0, math.inf]))).all()
