"""Decide whether a recomputed number is the number that the source reported."""

from typing import Final

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray

RELATIVE: Final = 1e-9
"""Largest difference of two equal numbers, as a share of the larger number."""
ROUNDING: Final = 1e-12
"""Further difference that is allowed, as a share of the largest value added up: a sum of values that cancel each other
keeps fewer digits."""


def differs(ours: FloatArray, reported: FloatArray, scale: FloatArray) -> BoolArray:
    """Tell for each pair of numbers whether they differ by more than the tolerance.

    NaN stands for an undefined number: two undefined numbers are equal, and a number differs from an undefined one.

    Args:
        ours: Recomputed numbers.
        reported: Numbers of the source.
        scale: Largest absolute value that was added up for each number; NaN where unknown.
    """
    tolerance = RELATIVE * np.fmax(np.abs(ours), np.abs(reported)) + ROUNDING * np.nan_to_num(scale)
    is_close: BoolArray = np.abs(ours - reported) <= tolerance  # False where either number is NaN
    return ~(is_close | (np.isnan(ours) & np.isnan(reported)))
