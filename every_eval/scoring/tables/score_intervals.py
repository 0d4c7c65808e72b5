"""Confidence intervals of single scores: the statistics of runs.

comprehensive_stats publishes these intervals. The leaderboard combines them, so that a leaderboard of one column agrees
with comprehensive_stats.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.metric_ranges import range_of
from every_eval.contracts.stats import POOLED
from every_eval.sources.columns import float_column
from every_eval.sources.distinct import distinct
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.intervals import Intervals, Moments, confidence_intervals

COLUMNS: Final = (
    *("metric_name", "n_scored", "n_trials", "mean", "m2", "min", "max", "is_binary", "trial_variance"),
    *("residual_mean_square", "n_clusters", "cluster_m2", "standard_error", "standard_error_method"),
)
"""Columns of the contract `stats` that an interval is computed from."""


def statistic_intervals(stats: pa.Table) -> Intervals:
    """Return the confidence interval of each statistic's mean.

    Args:
        stats: `COLUMNS` of rows of the contract `stats`.
    """
    numbers = {name: float_column(stats, name) for name in ("n_scored", "m2", "n_clusters", "cluster_m2")}
    is_clustered = _is_clustered(numbers["n_clusters"], numbers["n_scored"])
    lowest, highest = _ranges(stats)
    is_share = stats["is_binary"].fill_null(False).to_numpy() & (lowest == 0) & (highest == 1)
    is_pooled = pc.fill_null(pc.equal(stats["standard_error_method"], POOLED), False)
    return confidence_intervals(
        Moments(
            n=np.where(is_clustered, numbers["n_clusters"], numbers["n_scored"]),
            mean=float_column(stats, "mean"),
            m2=np.where(is_clustered, numbers["cluster_m2"], numbers["m2"]),
            lowest=lowest,
            highest=highest,
            is_binary=is_share & ~is_clustered,
            n_trials=float_column(stats, "n_trials"),
            trial_variance=float_column(stats, "trial_variance"),
            residual_mean_square=float_column(stats, "residual_mean_square"),
            stated_error=pc.if_else(is_pooled, stats["standard_error"], None).to_numpy(),
        )
    )


def _is_clustered(n_clusters: FloatArray, n_scored: FloatArray) -> BoolArray:
    """Tell whether clusters hold several instances; clusters of one instance each are no clusters."""
    return n_clusters < n_scored


def _ranges(stats: pa.Table) -> tuple[FloatArray, FloatArray]:
    """Return the range of each row's metric; NaN where it is unknown or unbounded, or a value lies beyond it.

    A metric without a declared range is a share if all its values are 0 or 1.
    """
    position, metrics = distinct(stats, ["metric_name"])
    declared = [range_of(name) for (name,) in metrics]
    lowest, highest = np.array([known or (np.nan, np.nan) for known in declared]).reshape(-1, 2)[position].T
    is_undeclared = np.array([known is None for known in declared], np.bool_)[position]
    is_share = stats["is_binary"].fill_null(False).to_numpy() & is_undeclared
    lowest, highest = np.where(is_share, 0.0, lowest), np.where(is_share, 1.0, highest)
    is_kept = (
        np.isfinite(highest - lowest) & (float_column(stats, "min") >= lowest) & (float_column(stats, "max") <= highest)
    )
    return np.where(is_kept, lowest, np.nan), np.where(is_kept, highest, np.nan)
