"""Values rounded to a step, so that their sums with small whole weights are exact, and equal in any order.

Sums of floats differ in their last bits with the order of addition, which a matrix product chooses by machine and by
number of threads. Multiples of one step below 2⁵³ steps have no last bits to lose.
"""

from typing import Final

import numpy as np

from every_eval.statistics.groups import FloatArray

BITS: Final = 32
"""Binary digits of a rounded value. A sum with whole weights is exact as long as the absolute weights sum to less than
2 ** (53 - 32), so two million items."""


def step_of(values: FloatArray) -> float:
    """Return 2 ** (e - 32), where 2 ** e is the smallest power of 2 above all absolute values; NaN is left out.

    Returns:
        The step; NaN if a value is infinite.
    """
    largest = np.fmax.reduce(np.abs(values), axis=None, initial=0.0)
    return float(np.ldexp(1.0, int(np.frexp(largest)[1]) - BITS)) if np.isfinite(largest) else np.nan


def round_to_step(values: FloatArray) -> FloatArray:
    """Round values to multiples of `step_of` them, with an error of at most half a step; NaN stays NaN.

    Args:
        values: Values of one column of scores, of all models together, so that their differences are exact too. If one
            is infinite, all become NaN.
    """
    step = step_of(values)
    return np.rint(values / step) * step
