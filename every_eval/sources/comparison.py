"""Comparison of statistics as recomputed from single outputs with those that the source reported."""

import numpy as np
import pyarrow as pa

from every_eval.contracts.stats import STATISTIC_KEY
from every_eval.sources.derivable import is_derivable
from every_eval.statistics.groups import BoolArray, FloatArray

RELATIVE = 1e-9
"""How far two numbers may differ, as a share of the larger."""
ROUNDING = 1e-12
"""How far besides, as a share of the largest value added up: a sum of values that cancel keeps no more digits."""

FIELDS = {"count": "n_trials", "sum": "trial_sum", "mean": "mean", "min": "trial_min", "max": "trial_max"}
"""HELM's fields, and the columns of `summarise` that recompute them."""


def compare(stats: pa.Table) -> pa.Table:
    """Where the source's statistics and ours disagree.

    Args:
        stats: Columns of `STATISTIC_KEY`, `REPORTED` and `summarise`, joined on the key: nulls where one side does not
            know the statistic. The columns source, benchmark, suite and run are carried over if present.

    Returns:
        One row for each number that disagrees, by field and then in the order of `stats`: the columns that name the
        statistic, and `field`, `ours`, `reported`.

    Nothing is compared where the source reported nothing, or a number that is not finite, or what no metric of single
    outputs determines (`is_derivable`). What should have been derived and was not is a disagreement.
    """
    names = ["source", "benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY)]
    key = stats.select([name for name in names if name in stats.column_names])
    is_comparable = _is_comparable(stats)
    # without values, only the count says something
    has_values = is_comparable & (_numbers(stats, "reported_count") > 0)
    scale = np.fmax(np.abs(_numbers(stats, "min")), np.abs(_numbers(stats, "max")))
    ours = np.stack([_numbers(stats, column) for column in FIELDS.values()])
    ours[0] = np.nan_to_num(ours[0])  # the count, which is 0 where there is none
    reported = np.stack([_numbers(stats, f"reported_{field}") for field in FIELDS])
    is_compared = np.stack([is_comparable, *[has_values] * (len(FIELDS) - 1)])
    fields, rows = np.nonzero(is_compared & differs(ours, reported, scale))
    return (
        key.take(pa.array(rows))
        .append_column("field", pa.array([list(FIELDS)[field] for field in fields.tolist()], pa.string()))
        .append_column("ours", pa.array(ours[fields, rows], from_pandas=True))
        .append_column("reported", pa.array(reported[fields, rows], from_pandas=True))
    )


def differs(ours: FloatArray, reported: FloatArray, scale: FloatArray) -> BoolArray:
    """Whether numbers differ by more than the tolerance; NaN is no number, and two of those are equal.

    `scale` is the largest absolute value that was added up, NaN where unknown.
    """
    tolerance = RELATIVE * np.fmax(np.abs(ours), np.abs(reported)) + ROUNDING * np.nan_to_num(scale)
    # comparing with NaN gives false: a number that one side lacks differs
    is_close: BoolArray = np.abs(ours - reported) <= tolerance
    return ~(is_close | (np.isnan(ours) & np.isnan(reported)))


def _is_comparable(stats: pa.Table) -> BoolArray:
    count = _numbers(stats, "reported_count")
    is_finite: BoolArray = (count == 0) | ~np.isnan(_numbers(stats, "reported_sum"))
    is_expected: BoolArray = np.array([is_derivable(name) for name in stats["metric_name"].to_pylist()], np.bool_)
    is_derived: BoolArray = ~np.isnan(_numbers(stats, "n_instances"))
    return is_finite & ~np.isnan(count) & (is_derived | is_expected)


def _numbers(table: pa.Table, column: str) -> FloatArray:
    numbers: FloatArray = table[column].cast(pa.float64()).to_numpy()
    return numbers
