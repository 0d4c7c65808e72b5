import math

import numpy as np
import pytest
from scipy.stats import binomtest

from every_eval.statistics.binary_pairs import (
    bonett_price_error,
    bonett_price_interval,
    detectable_difference,
    mcnemar_p,
)
from every_eval.statistics.groups import IntArray
from every_eval.statistics.quantiles import Z


def counts(*numbers: int) -> IntArray:
    return np.array(numbers, np.int64)


def test_mcnemars_p_is_the_exact_binomial_one() -> None:
    # 1 of 6: 2 (1 + 6) / 2⁶ = 0.21875; 0 of 6: 2 / 2⁶; 5 against 5, and no discordant item: 1.
    assert mcnemar_p(counts(1, 6, 5, 0), counts(5, 0, 5, 0)).tolist() == [0.21875, 0.03125, 1.0, 1.0]


@pytest.mark.parametrize(("a", "b"), [(3, 17), (40, 21), (500, 400), (2, 900)])
def test_mcnemars_p_agrees_with_scipys_binomial_test(a: int, b: int) -> None:
    assert mcnemar_p(counts(a), counts(b))[0] == pytest.approx(binomtest(a, a + b, 0.5).pvalue, rel=1e-8)


def test_bonett_and_prices_interval_is_theirs() -> None:
    # p = 13 / 102, q = 5 / 102, difference 8 / 102; error √((18/102 - (8/102)²) / 102)
    error = math.sqrt((18 / 102 - (8 / 102) ** 2) / 102)
    low, high = bonett_price_interval(counts(12), counts(4), counts(100))
    assert bonett_price_error(counts(12), counts(4), counts(100))[0] == pytest.approx(error, rel=1e-14)
    assert (low[0], high[0]) == pytest.approx((8 / 102 - Z * error, 8 / 102 + Z * error), rel=1e-12)


def test_the_interval_of_equal_answers_is_not_empty_and_holds_zero() -> None:
    low, high = bonett_price_interval(counts(0), counts(0), counts(30))
    assert low[0] < 0 < high[0]


def test_the_interval_stays_within_its_range_and_holds_the_difference() -> None:
    for n in (1, 2, 5, 100):
        low, high = bonett_price_interval(counts(n), counts(0), counts(n))
        assert (high[0], low[0] < 1) == (1.0, True)


def test_without_items_there_is_no_interval() -> None:
    assert np.isnan(bonett_price_interval(counts(0), counts(0), counts(0))).all()


def test_a_difference_is_detectable_from_six_discordant_items_on() -> None:
    found = detectable_difference(counts(3, 4), counts(2, 2), counts(50, 50))
    assert math.isnan(found[0])
    assert found[1] == pytest.approx(2.8016 * bonett_price_error(counts(4), counts(2), counts(50))[0], rel=1e-4)
