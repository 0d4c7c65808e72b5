"""Quantiles of Student's t. They have a module of their own, because SciPy takes a quarter of a second to import."""

from typing import Final

import numpy as np
import scipy

from every_eval.statistics.groups import FloatArray
from every_eval.statistics.quantiles import TWO_SIDED

DIGITS: Final = 12
"""Decimals to which quantiles are rounded: the last bits of a library's result differ between machines."""


def t_quantile(freedom: FloatArray | float, probability: float = TWO_SIDED) -> FloatArray:
    """Return the quantile of Student's t at a probability; NaN for less than 1 degree of freedom.

    Args:
        freedom: Degrees of freedom, whole or not.
        probability: Probability of a smaller value, from 0 to 1, both excluded.
    """
    # Samples share their sizes, and a quantile takes ten times as long as finding equal numbers.
    distinct, positions = np.unique(freedom, return_inverse=True)
    quantiles = np.round(scipy.special.stdtrit(np.where(distinct >= 1, distinct, np.nan), probability), DIGITS)
    spread: FloatArray = quantiles[positions].reshape(np.shape(freedom))
    return spread
