"""Standard errors and 95 % confidence intervals of means over items.

The unit of the sample is the item. The trials of an item are averaged first. The intervals cover the choice of items
and, where the variance between trials is known, the choice of trials; they do not cover the choice of the prompt. What
share of intervals holds the true mean, and where it is less than 95 %, is measured by `benchmarks/coverage.py`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from every_eval.statistics.crossed_error import add_trials
from every_eval.statistics.groups import BoolArray, FloatArray, divide
from every_eval.statistics.quantiles import Z
from every_eval.statistics.student_t import t_quantile

WILSON: Final = "wilson"
"""Method for values that are all 0 or 1, in one trial."""
WILSON_EFFECTIVE: Final = "wilson_effective"
"""Method for other values of a metric with a known range: Wilson's interval of an effective number of items."""
T: Final = "t"
"""Method for values of a metric whose range is unknown or unbounded."""

CLOSENESS: Final = 1e-9
"""Distance from an end of the range of a metric up to which a mean counts as that end."""
SMALL: Final = 100
"""Number of items below which a sample is marked as small."""


@dataclass(frozen=True, kw_only=True)
class Moments:
    """What an interval needs of the values of each mean: one element for each mean, NaN where unknown."""

    n: FloatArray
    """Number of items with a value or, where items are in clusters, of clusters."""
    mean: FloatArray
    """Mean over items, in the unit of the metric."""
    m2: FloatArray
    """Sum of squared deviations over items, trials averaged; of clusters, `clusters.cluster_moments`."""
    lowest: FloatArray
    """Lowest value that the metric can take; NaN if unknown or unbounded, or if a value lies beyond its range."""
    highest: FloatArray
    """Highest value that the metric can take."""
    is_binary: BoolArray
    """Whether every value is 0 or 1 in each trial, and no items are in clusters."""
    n_trials: FloatArray
    """Number of trials."""
    trial_variance: FloatArray
    """s² of the trials' means."""
    residual_mean_square: FloatArray
    """Mean square of what items and trials leave of the values."""
    stated_error: FloatArray
    """Standard error that replaces the error from m2 and the trials, such as a group's error pooled over its tasks."""


@dataclass(frozen=True)
class Intervals:
    """Standard errors and confidence intervals, one element for each mean, in the unit of the mean."""

    standard_error: FloatArray
    """NaN for fewer than two items."""
    low: FloatArray
    """Lower end; NaN where there is no interval."""
    high: FloatArray
    method: npt.NDArray[np.str_]
    """Name of the method; it means nothing where there is no interval."""
    is_small: BoolArray
    """Whether there are fewer than `SMALL` items."""


def confidence_intervals(sample: Moments) -> Intervals:
    """Return the standard error and the confidence interval of each mean.

    The method is `wilson` for values of 0 and 1 in one trial, `wilson_effective` for other values in a known range, and
    `t` for all other values. Without a standard error, there is an interval only if all values are 0 or 1, or lie at
    one end of the range.
    """
    n = np.where(sample.n > 0, sample.n, np.nan)
    error, freedom = _error(sample, n, divide(sample.m2, np.where(n > 1, n - 1, 0)))
    lowest, highest = np.where(sample.is_binary, 0.0, sample.lowest), np.where(sample.is_binary, 1.0, sample.highest)
    span = np.where(highest > lowest, highest - lowest, np.nan)
    p = _at_ends((sample.mean - lowest) / span)
    is_simple = sample.is_binary & ~(sample.n_trials > 1) & np.isnan(sample.stated_error)
    is_bounded = (p >= 0) & (p <= 1)
    effective = effective_size(p, _bounded_error(sample, n, p, span), freedom, n)
    low, high = wilson(np.where(is_bounded, p, np.nan), effective)
    low, high = lowest + low * span, lowest + high * span
    low, high = np.where(is_bounded, (low, high), t_interval(sample.mean, error, freedom))
    low, high = np.where(is_simple, wilson(np.where(is_simple, sample.mean, np.nan), n), (low, high))
    method = np.where(is_simple, WILSON, np.where(is_bounded, WILSON_EFFECTIVE, T))
    return Intervals(error, low, high, method, n < SMALL)


def _at_ends(p: FloatArray) -> FloatArray:
    """Return proportions, with those that only rounding tells from 0 or 1, such as 2e-308, moved there.

    The effective size of such a proportion would be almost 0, and its square no number.
    """
    p = np.where((p > 0) & (p < CLOSENESS), 0.0, p)
    return np.where((p < 1) & (p > 1 - CLOSENESS), 1.0, p)


def _error(sample: Moments, n: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the standard error and its degrees of freedom, from the variance of items."""
    error, freedom = add_trials(variance / n, n, sample.n_trials, sample.trial_variance, sample.residual_mean_square)
    is_stated = ~np.isnan(sample.stated_error)
    return np.where(is_stated, sample.stated_error, error), np.where(is_stated, n - 1, freedom)


def _bounded_error(sample: Moments, n: FloatArray, p: FloatArray, span: FloatArray) -> FloatArray:
    """Return the standard error that the interval in a known range is made of, with the range rescaled to [0, 1]."""
    error, _ = _error(sample, n, bounded_variance(n, p, sample.m2 / span**2) * span**2)
    return error / span


def bounded_variance(n: FloatArray, p: FloatArray, m2: FloatArray) -> FloatArray:
    """Return a variance of n values in [0, 1] that does not vanish where nearly all values are equal.

    ((n - 1) s² + q (1 - q)) / n with q = (n p + 2) / (n + 4): one value is added whose variance is the largest that is
    possible for values with the mean q, which is p moved towards one half as by Agresti and Coull, The American
    Statistician 52 (1998), 119-126.

    Args:
        n: Number of values.
        p: Mean of the values.
        m2: Sum of squared deviations, (n - 1) s².
    """
    q = (n * p + 2) / (n + 4)
    return (np.where(n > 1, m2, 0.0) + q * (1 - q)) / n


def effective_size(p: FloatArray, error: FloatArray, freedom: FloatArray, n: FloatArray) -> FloatArray:
    """Return the number of draws of 0 or 1 whose mean p is as uncertain as a mean with this standard error.

    p (1 - p) / error² · (z / t)², where t is the quantile of Student's t: Korn and Graubard, Survey Methodology 24
    (1998), 193-201. The effective size is n, the number of items, where p is 0 or 1.
    """
    is_inside = (p > 0) & (p < 1)
    size = divide(p * (1 - p), np.where(is_inside, error**2, 0)) * (Z / t_quantile(freedom)) ** 2
    return np.where(is_inside, size, n)


def wilson(p: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's score interval of a proportion p of n.

    Its ends are the values q with (p - q)² = z² q (1 - q) / n: Wilson, Journal of the American Statistical Association
    22 (1927), 209.
    """
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return np.where(p <= 0, 0.0, middle - half), np.where(p >= 1, 1.0, middle + half)


def t_interval(mean: FloatArray, error: FloatArray, freedom: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean ± t error, with the quantile of Student's t; NaN for less than one degree of freedom."""
    half = t_quantile(freedom) * error
    return mean - half, mean + half
