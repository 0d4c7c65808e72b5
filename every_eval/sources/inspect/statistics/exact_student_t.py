"""Quantiles of Student's t for any level and whole degrees of freedom, equal to Inspect's to the last bit or two.

SciPy's differ in more bits, with which the ends of recomputed intervals would differ from the reported ones.
"""

import math

import numpy as np

from every_eval.statistics.groups import FloatArray


def student_t_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t at a probability from 0.5 to 1, exact but for rounding.

    By bisection of the distribution function, which for whole degrees of freedom is a finite sum: Abramowitz and
    Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.

    Args:
        probability: Probability of a smaller value, from 0.5 up to but not including 1.
        freedom: Degrees of freedom, at least 1.
    """
    central = 2 * probability - 1
    if central == 0:
        return 0.0
    coefficients = _coefficients(freedom)
    low, high = 0.0, 1.0
    while _central_probability(high, freedom, coefficients) < central:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        if _central_probability(middle, freedom, coefficients) < central:
            low = middle
        else:
            high = middle
    return high


def _coefficients(freedom: int) -> FloatArray:
    """Return the factors of 1, cos² θ, cos⁴ θ ...

    They are 1, 1/2, 1·3/(2·4) ... for even degrees of freedom, and 1, 2/3, 2·4/(3·5) ... for odd ones.
    """
    numerators = np.arange(1 + freedom % 2, freedom - 2, 2, dtype=np.float64)
    return np.cumprod(np.append(1.0, numerators / (numerators + 1)), dtype=np.float64)


def _central_probability(t: float, freedom: int, coefficients: FloatArray) -> float:
    """Return the probability of a value between -t and t, with θ = arctan(t / √freedom)."""
    angle = math.atan2(t, math.sqrt(freedom))
    cos, sin = math.cos(angle), math.sin(angle)
    if freedom == 1:
        return 2 * angle / math.pi
    total = float(coefficients @ np.power(cos * cos, np.arange(len(coefficients))))
    return sin * total if freedom % 2 == 0 else 2 / math.pi * (angle + sin * cos * total)
