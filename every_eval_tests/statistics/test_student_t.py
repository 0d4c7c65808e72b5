"""Quantiles of Student's t, against the distribution function itself."""

import math

import numpy as np
import pytest

from every_eval.statistics.quantiles import Z
from every_eval.statistics.student_t import t_quantile


def student_within(t: float, freedom: int) -> float:
    """P(|T| < t): Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    term = total = math.cos(angle) if freedom % 2 else 1.0
    for power in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term *= math.cos(angle) ** 2 * (power - 1) / power
        total += term
    if freedom % 2 == 0:
        return math.sin(angle) * total
    return 2 / math.pi * (angle + (math.sin(angle) * total if freedom > 1 else 0.0))


@pytest.mark.parametrize("freedom", [*range(1, 40), 99, 100, 999])
def test_the_quantile_of_student_leaves_95_percent_within(freedom: int) -> None:
    (t,) = t_quantile(np.array([float(freedom)]))
    assert student_within(t, freedom) == pytest.approx(0.95, abs=1e-12)


@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.9995])
def test_one_and_two_degrees_of_freedom_have_closed_forms(probability: float) -> None:
    assert t_quantile(1.0, probability) == pytest.approx(math.tan(math.pi * (probability - 0.5)), rel=1e-12)
    share = 4 * probability * (1 - probability)
    assert t_quantile(2.0, probability) == pytest.approx((2 * probability - 1) * math.sqrt(2 / share), rel=1e-12)


def test_quantiles_of_fractions_lie_between_those_of_whole_degrees() -> None:
    assert t_quantile(3.0) < t_quantile(2.5) < t_quantile(2.0)


def test_student_approaches_the_normal_distribution() -> None:
    assert t_quantile(np.array([1e12, np.inf])) == pytest.approx(Z, rel=1e-11)


def test_without_a_degree_of_freedom_there_is_no_quantile() -> None:
    assert np.isnan(t_quantile(np.array([0.0, -1.0, 0.5, math.nan]))).all()
