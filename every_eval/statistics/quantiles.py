"""Quantiles of the normal distribution and of Student's t, for two-sided confidence intervals of 95 %."""

from statistics import NormalDist
from typing import Final

import numpy as np

from every_eval.statistics.groups import FloatArray

LEVEL: Final = 0.95
"""Confidence level of all intervals."""
Z: Final = NormalDist().inv_cdf((1 + LEVEL) / 2)
"""Quantile of the normal distribution: 1.96."""

_T_SMALL: Final = np.array(
    [12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511, 2.3646242516, 2.3060041352,
     2.2621571628]
)  # fmt: skip
"""Quantiles of Student's t for 1 to 9 degrees of freedom."""

_T_TERMS: Final = (
    (Z**3 + Z) / 4,
    (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
    (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
    (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92160,
)


def t_quantile(freedom: FloatArray) -> FloatArray:
    """Return the quantile of Student's t for whole degrees of freedom; NaN for fewer than 1.

    From 10 degrees on by the expansion 26.7.5 of Abramowitz and Stegun, Handbook of Mathematical Functions, whose
    relative error is below 4e-6.
    """
    known = np.fmax(freedom, 1)
    expansion = Z + sum(term / known**power for power, term in enumerate(_T_TERMS, start=1))
    tabulated = _T_SMALL[np.fmin(known, len(_T_SMALL)).astype(np.int64) - 1]
    return np.where(freedom >= 1, np.where(known > len(_T_SMALL), expansion, tabulated), np.nan)
