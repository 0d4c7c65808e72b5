"""P-values: rounded, so that they are equal on every machine, and adjusted for many tests at once.

A p-value that is NaN stands for no test: it is not counted, and stays NaN.
"""

from typing import Final

import numpy as np

from every_eval.statistics.groups import FloatArray, IntArray

DIGITS: Final = 9
"""Significant digits of a p-value."""
_POWERS: Final = np.array([float(f"1e{exponent}") for exponent in range(300)])
"""Powers of 10, each the nearest float, as no machine's own function for powers promises."""


def round_p(p_values: FloatArray) -> FloatArray:
    """Round p-values to 9 significant digits: the last bits of a library's result differ between machines."""
    with np.errstate(divide="ignore"):
        leading = np.floor(-np.log10(np.where(p_values > 0, p_values, 1.0)))
    powers = _POWERS[np.minimum(leading + DIGITS, len(_POWERS) - 1).astype(np.int64)]
    rounded: FloatArray = np.rint(p_values * powers) / powers
    return rounded


def holm(p_values: FloatArray) -> FloatArray:
    """Return p-values adjusted by Holm's method, which controls the probability of any false rejection.

    With the m p-values in ascending order, the adjusted i-th one is the largest of min(1, (m - k + 1) p_k) for k ≤ i,
    whatever the dependence of the tests: Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.

    Args:
        p_values: Of any shape; all of them are one family.
    """
    order, ordered = _ascending(p_values)
    steps = np.minimum(ordered * np.arange(len(ordered), 0, -1), 1.0)
    return _put_back(p_values, order, np.maximum.accumulate(steps))


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """Return p-values adjusted by the method of Benjamini and Hochberg, which controls the false discovery rate.

    With the m p-values in ascending order, the adjusted i-th one is the smallest of m p_k / k for k ≥ i: Journal of
    the Royal Statistical Society B 57 (1995), 289-300.

    Args:
        p_values: Of any shape; all of them are one family.
    """
    order, ordered = _ascending(p_values)
    steps = ordered * len(ordered) / np.arange(1, len(ordered) + 1)
    return _put_back(p_values, order, np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0))


def _ascending(p_values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the positions of the tests in ascending order of their p-values, and these p-values."""
    flat = p_values.ravel()
    known = np.flatnonzero(~np.isnan(flat))
    order = known[np.argsort(flat[known], kind="stable")]
    return order, flat[order]


def _put_back(p_values: FloatArray, order: IntArray, adjusted: FloatArray) -> FloatArray:
    result = np.full(p_values.size, np.nan)
    result[order] = adjusted
    return result.reshape(p_values.shape)
