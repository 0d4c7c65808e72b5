"""Quantiles, against the distribution functions themselves."""

import math

import numpy as np
import pytest

from every_eval.statistics.quantiles import Z, t_quantile


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


def test_the_normal_quantile_leaves_95_percent_within() -> None:
    assert math.erf(Z / math.sqrt(2)) == pytest.approx(0.95, rel=1e-14)


@pytest.mark.parametrize("freedom", [*range(1, 40), 99, 100, 999])
def test_the_quantile_of_student_leaves_95_percent_within(freedom: int) -> None:
    (t,) = t_quantile(np.array([float(freedom)]))
    assert student_within(t, freedom) == pytest.approx(0.95, abs=1e-6)


def test_student_approaches_the_normal_distribution() -> None:
    assert t_quantile(np.array([1e12]))[0] == pytest.approx(Z, rel=1e-11)


def test_without_a_degree_of_freedom_there_is_no_quantile() -> None:
    assert np.isnan(t_quantile(np.array([0.0, -1.0, math.nan]))).all()
