"""Standard errors and 95 % confidence intervals of means over instances.

The unit of the sample is the instance. The trials of an instance are averaged first, so that they count as one cluster.
The intervals cover the choice of instances; they cover neither the choice of in-context examples, which differs between
trials, nor the choice of the prompt.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from every_eval.statistics.groups import BoolArray, FloatArray, divide
from every_eval.statistics.quantiles import Z, t_quantile

WILSON: Final = "wilson"
WILSON_EFFECTIVE: Final = "wilson_effective"
T: Final = "t"
BOOTSTRAP: Final = "bootstrap"

SMALL: Final = 100
"""Number of instances below which a sample is marked as small. From 100 on, tests show a coverage of 93 to 97 %."""


@dataclass(frozen=True)
class Intervals:
    """Standard errors and confidence intervals, one element for each mean, in the unit of the mean."""

    standard_error: FloatArray
    """NaN for fewer than two instances."""
    low: FloatArray
    """Lower end; NaN where there is no interval."""
    high: FloatArray
    method: npt.NDArray[np.str_]
    """Name of the method; it means nothing where there is no interval."""
    is_small: BoolArray
    """Whether there are fewer than `SMALL` instances."""


def confidence_intervals(
    n: FloatArray, n_trials: FloatArray, mean: FloatArray, m2: FloatArray, is_binary: BoolArray, pooled: FloatArray
) -> Intervals:
    """Return the standard error and the confidence interval of each mean.

    Args:
        n: Number of instances with a value; NaN where unknown.
        n_trials: Number of trials; NaN where unknown.
        mean: Mean over instances; NaN where there is none.
        m2: Sum of squared deviations over instances, trials averaged.
        is_binary: Whether every value is 0 or 1 in each trial.
        pooled: Standard errors that replace those that m2 gives; NaN where there is none.

    The method is `wilson` for binary values in one trial, `wilson_effective` for binary values in several trials or
    with a pooled error, and `t` for all other values. Without a standard error, only Wilson gives an interval.
    """
    n = np.where(n > 0, n, np.nan)
    error = np.where(np.isnan(pooled), standard_error(n, m2), pooled)
    proportion = np.where(is_binary, mean, np.nan)
    is_simple = ~(n_trials > 1) & np.isnan(pooled)
    effective = np.where(is_simple, n, effective_size(proportion, error, n))
    low, high = np.where(is_binary, wilson(proportion, effective), t_interval(mean, error, n))
    method = np.where(is_binary, np.where(is_simple, WILSON, WILSON_EFFECTIVE), T)
    return Intervals(error, low, high, method, n < SMALL)


def standard_error(n: FloatArray, m2: FloatArray) -> FloatArray:
    """Return √(m2 / (n - 1) / n), the standard error of the mean of n instances; NaN for fewer than two."""
    return np.sqrt(divide(m2, np.where(n > 1, n * (n - 1), 0)))


def effective_size(p: FloatArray, error: FloatArray, n: FloatArray) -> FloatArray:
    """Return the number of independent draws of 0 or 1 whose mean p has this standard error: p (1 - p) / error².

    The effective size is n, the number of instances, where p is 0 or 1 and where the error is 0 or unknown. Kish,
    Survey Sampling (1965), section 8.2; with Wilson's interval, Korn and Graubard, Survey Methodology 24 (1998).
    """
    is_known = (p > 0) & (p < 1) & (error > 0)
    return np.where(is_known, divide(p * (1 - p), np.where(is_known, error**2, 0)), n)


def wilson(p: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's score interval of a proportion p of n.

    Its ends are the values q with (p - q)² = z² q (1 - q) / n: Wilson, Journal of the American Statistical Association
    22 (1927), 209.
    """
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return np.where(p <= 0, 0.0, middle - half), np.where(p >= 1, 1.0, middle + half)


def t_interval(mean: FloatArray, error: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean ± t error, with Student's t for n - 1 degrees of freedom; NaN for fewer than two instances."""
    half = t_quantile(n - 1) * error
    return mean - half, mean + half
