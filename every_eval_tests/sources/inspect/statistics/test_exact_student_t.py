import math
from statistics import NormalDist

import pytest
from scipy.special import stdtrit

from every_eval.sources.inspect.statistics.exact_student_t import student_t_quantile


@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.9995])
def test_one_and_two_degrees_of_freedom_have_closed_forms(probability: float) -> None:
    assert student_t_quantile(probability, 1) == pytest.approx(math.tan(math.pi * (probability - 0.5)), rel=1e-13)
    share = 4 * probability * (1 - probability)
    assert student_t_quantile(probability, 2) == pytest.approx((2 * probability - 1) * math.sqrt(2 / share), rel=1e-13)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    # Tables of Student's t at 0.975, to 9 digits: NIST/SEMATECH e-Handbook gives the first four.
    [(3, 3.182446305), (4, 2.776445105), (10, 2.228138852), (29, 2.045229642), (100, 1.983971519)],
)
def test_quantiles_are_those_of_tables(freedom: int, quantile: float) -> None:
    assert student_t_quantile(0.975, freedom) == pytest.approx(quantile, rel=1e-9)


def test_quantiles_approach_those_of_the_normal_distribution() -> None:
    # The first term of the expansion in 1 / freedom is (z³ + z) / 4.
    z = NormalDist().inv_cdf(0.95)
    assert student_t_quantile(0.95, 10_001) == pytest.approx(z + (z**3 + z) / 4 / 10_001, abs=1e-7)


def test_quantiles_agree_with_those_of_scipy() -> None:
    for freedom in (1, 9, 10, 50, 999):
        assert student_t_quantile(0.975, freedom) == pytest.approx(stdtrit(freedom, 0.975), rel=1e-12)


def test_the_median_is_0() -> None:
    assert student_t_quantile(0.5, 7) == 0.0
