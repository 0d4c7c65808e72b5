"""Standard errors and 95 % intervals of means over instances.

An instance is the unit that was drawn: its trials are averaged first, so that they are clustered within it. What the
intervals cover is the draw of instances; neither that of trials (in-context examples) nor that of prompts.
"""

from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.statistics.groups import FloatArray, divide
from every_eval.statistics.quantiles import Z, t_quantile

WILSON: Final = "wilson"
WILSON_EFFECTIVE: Final = "wilson_effective"
T: Final = "t"
BOOTSTRAP: Final = "bootstrap"

SMALL: Final = 100
"""Instances below which a sample is marked as small: from here on the intervals are tested to cover 93-97 %."""


def intervals(stats: pa.Table, pooled: FloatArray | None = None) -> pa.Table:
    """Standard error and interval of each statistic.

    Args:
        stats: Columns `n_scored`, `n_trials`, `mean`, `m2` and `is_binary`, as `summarise` makes them.
        pooled: Standard errors to be taken in place of those that m2 gives, row by row; NaN where there is none.

    Returns:
        Columns `standard_error`, `ci_low`, `ci_high` (in the statistic's own unit), `ci_method` and `is_small_sample`,
        row by row. The standard error is null for fewer than two instances. Without it there is no interval but
        Wilson's; nor is there one without a value.

    The method is `wilson` for values of 0 and 1 in one trial, `wilson_effective` in several or with a pooled error,
    else `t`.
    """
    n, trials, mean, m2 = (stats[name].cast(pa.float64()).to_numpy() for name in ("n_scored", "n_trials", "mean", "m2"))
    is_binary = stats["is_binary"].fill_null(False).to_numpy()
    n = np.where(n > 0, n, np.nan)
    pooled = np.full(len(n), np.nan) if pooled is None else pooled
    error = np.where(np.isnan(pooled), standard_error(n, m2), pooled)
    proportion = np.where(is_binary, mean, np.nan)
    is_simple = ~(trials > 1) & np.isnan(pooled)
    effective = np.where(is_simple, n, effective_size(proportion, error, n))
    low, high = np.where(is_binary, wilson(proportion, effective), t_interval(mean, error, n))
    method = np.where(is_binary, np.where(is_simple, WILSON, WILSON_EFFECTIVE), T)
    is_missing = np.isnan(low)
    return pa.table(
        {
            "standard_error": pa.array(error, mask=np.isnan(error)),
            "ci_low": pa.array(low, mask=is_missing),
            "ci_high": pa.array(high, mask=is_missing),
            "ci_method": pa.array(method, pa.string(), mask=is_missing),
            "is_small_sample": pa.array(n < SMALL, mask=is_missing),
        }
    )


def standard_error(n: FloatArray, m2: FloatArray) -> FloatArray:
    """√(m2 / (n - 1) / n), of the mean of n instances; NaN for fewer than two."""
    return np.sqrt(divide(m2, np.where(n > 1, n * (n - 1), 0)))


def effective_size(p: FloatArray, error: FloatArray, n: FloatArray) -> FloatArray:
    """The number of independent draws of 0 or 1 whose mean p would have this standard error: p (1 - p) / error².

    It is n, the number of instances, where p is 0 or 1 and where the error is 0 or unknown. Kish, Survey Sampling
    (1965), section 8.2; with Wilson's interval, Korn and Graubard, Survey Methodology 24 (1998).
    """
    is_known = (p > 0) & (p < 1) & (error > 0)
    return np.where(is_known, divide(p * (1 - p), np.where(is_known, error**2, 0)), n)


def wilson(p: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Wilson's score interval of a proportion p of n: Journal of the American Statistical Association 22 (1927), 209.

    Its ends are the values q with (p - q)² = z² q (1 - q) / n.
    """
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return np.where(p <= 0, 0.0, middle - half), np.where(p >= 1, 1.0, middle + half)


def t_interval(mean: FloatArray, error: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean ± t error, with Student's t for n - 1 degrees of freedom; NaN for fewer than two instances."""
    half = t_quantile(n - 1) * error
    return mean - half, mean + half
