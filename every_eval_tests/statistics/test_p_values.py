import math
from collections.abc import Callable

import numpy as np
import pytest

from every_eval.statistics.groups import FloatArray
from every_eval.statistics.p_values import benjamini_hochberg, holm, round_p

Adjust = Callable[[FloatArray], FloatArray]


def test_holm_multiplies_each_p_by_the_number_of_those_not_smaller() -> None:
    # Ascending 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, and 0.04, which is raised to 0.06.
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02], rel=1e-14)


def test_benjamini_and_hochberg_take_the_smallest_of_the_ratios_that_follow() -> None:
    # Ascending 0.005, 0.01, 0.03, 0.04 times 4/1, 4/2, 4/3, 4/4: 0.02, 0.02, 0.04, 0.04.
    adjusted = benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.02, 0.04, 0.04, 0.02], rel=1e-14)
    # The example of the paper, table 1: 15 p-values, of which the 4 smallest are found at 5 %.
    paper = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    assert np.count_nonzero(benjamini_hochberg(np.array([*paper, 0.7590, 1.0])) <= 0.05) == 4
    # Holm's method finds 3 of them, by the same paper: 0.0019 <= 0.05 / 13, and 0.0095 > 0.05 / 12.
    assert np.count_nonzero(holm(np.array([*paper, 0.7590, 1.0])) <= 0.05) == 3


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_missing_tests_do_not_count_and_shapes_are_kept(adjust: Adjust) -> None:
    whole = adjust(np.array([0.01, 0.5, 0.02]))
    adjusted = adjust(np.array([[0.01, math.nan], [0.5, 0.02]]))
    assert adjusted.shape == (2, 2)
    assert np.isnan(adjusted[0, 1])
    assert adjusted.ravel()[[0, 2, 3]].tolist() == whole.tolist()
    assert adjust(np.zeros(0)).shape == (0,)
    assert np.isnan(adjust(np.full(2, math.nan))).all()


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_adjusted_p_values_are_never_smaller_and_keep_the_order(adjust: Adjust) -> None:
    p_values = np.random.default_rng(1).random(200) ** 3
    adjusted = adjust(p_values)
    assert (adjusted >= p_values).all() and (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p_values)]) >= 0).all()


def test_p_values_keep_nine_significant_digits() -> None:
    given = np.array([0.123456789123, 1.0, 0.0, 1.23456789123e-20, 4.94e-324, 9.9999999999e-5, math.nan])
    rounded = round_p(given)
    assert rounded[:3].tolist() == [0.123456789, 1.0, 0.0]
    assert rounded[3] == pytest.approx(1.23456789e-20, rel=1e-15)
    assert rounded[5] == pytest.approx(1e-4, rel=1e-15)
    assert np.isnan(rounded[6])
    assert round_p(np.nextafter(given, 1))[:4].tolist() == rounded[:4].tolist()
