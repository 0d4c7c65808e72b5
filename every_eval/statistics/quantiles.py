"""Levels of confidence intervals and tests, and the quantiles of the normal distribution that belong to them."""

from statistics import NormalDist
from typing import Final

LEVEL: Final = 0.95
"""Confidence level of all intervals."""
ALPHA: Final = 1 - LEVEL
"""Level of all tests: a comparison is decided if its adjusted p is at most this."""
TWO_SIDED: Final = (1 + LEVEL) / 2
"""Probability below the upper end of a two-sided interval."""
Z: Final = NormalDist().inv_cdf(TWO_SIDED)
"""Quantile of the normal distribution: 1.96."""
POWER: Final = 0.8
"""Power of the minimum detectable difference."""
DETECTABLE_ERRORS: Final = Z + NormalDist().inv_cdf(POWER)
"""Standard errors from 0 to a difference that a test at 5 % finds with 80 % power: 2.80."""
