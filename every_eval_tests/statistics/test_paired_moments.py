from fractions import Fraction

import numpy as np
import pytest

from every_eval.statistics import paired_moments as module
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.paired_comparison import all_pairs
from every_eval.statistics.paired_moments import Units, count_different, paired_moments


def scores(n_models: int, n_items: int, missing: float) -> FloatArray:
    rng = np.random.default_rng(7)
    values = rng.normal(3, 1, (n_models, n_items))
    values[rng.random(values.shape) < missing] = np.nan
    return values


@pytest.mark.parametrize("missing", [0, 0.3])
def test_moments_are_those_of_the_common_items(missing: float) -> None:
    values = scores(5, 40, missing)
    a, b = all_pairs(5)
    found = paired_moments(Units.of(values), a, b)
    for pair, (first, second) in enumerate(zip(a, b, strict=True)):
        common = ~np.isnan(values[first]) & ~np.isnan(values[second])
        x, y = values[first, common], values[second, common]
        expected = (
            common.sum(),
            (x - y).sum(),
            ((x - y) ** 2).sum(),
            ((x - x.mean()) ** 2).sum(),
            ((y - y.mean()) ** 2).sum(),
            ((x - x.mean()) * (y - y.mean())).sum(),
        )
        # Values of up to 8 are rounded to steps of 2**-29.
        assert [column[pair] for column in found] == pytest.approx(expected, abs=1e-5)


def test_squares_of_small_differences_lose_nothing() -> None:
    base = np.linspace(0.1, 0.9, 50)
    values = np.stack([base, base + 2.0**-30])
    units = Units.of(values)
    squares = paired_moments(units, np.array([0]), np.array([1])).squares[0]
    x, y = (units.numbers[row].tolist() for row in (0, 1))
    exact = sum((Fraction(one) - Fraction(other)) ** 2 for one, other in zip(x, y, strict=True))
    assert squares == float(exact * Fraction(units.step) ** 2)


def test_moments_do_not_depend_on_blocks_and_on_the_order_of_items(monkeypatch: pytest.MonkeyPatch) -> None:
    values = scores(6, 300, 0.1)
    a, b = all_pairs(6)
    whole = paired_moments(Units.of(values), a, b)
    monkeypatch.setattr(module, "BLOCK_ITEMS", 7)
    for order in (slice(None), slice(None, None, -1)):
        found = paired_moments(Units.of(values[:, order]), a, b)
        assert all((one == other).all() for one, other in zip(whole, found, strict=True))


def test_equal_values_have_no_deviations() -> None:
    values = np.full((2, 30), 0.1)
    found = paired_moments(Units.of(np.vstack([values, np.linspace(0, 1, 30)])), np.array([0]), np.array([1]))
    assert (found.squares[0], found.squares_a[0], found.total[0]) == (0, 0, 0)


def test_only_common_items_can_be_different() -> None:
    values = np.array([[0.0, 1.0, np.nan, 0.5], [0.0, 0.0, 1.0, np.nan]])
    assert count_different(Units.of(values), np.array([0]), np.array([1])).tolist() == [1]
