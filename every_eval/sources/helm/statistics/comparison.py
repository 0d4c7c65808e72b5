"""Compare the statistics recomputed from single outputs with the statistics that HELM reported."""

import numpy as np
import pyarrow as pa

from every_eval.contracts.stats import STATISTIC_KEY
from every_eval.sources.columns import float_column
from every_eval.sources.helm.statistics.derivable import is_derivable
from every_eval.sources.tolerance import differs
from every_eval.statistics.groups import BoolArray

FIELDS = {"count": "n_trials", "sum": "trial_sum", "mean": "mean", "min": "trial_min", "max": "trial_max"}
"""Fields of HELM's statistics, each with the column of `recompute_statistics` that is our own number."""


def compare(stats: pa.Table) -> pa.Table:
    """Return the numbers on which HELM's statistics and ours disagree.

    HELM's number is not compared if HELM reported none, if the number or one of the outputs' values is not finite, or
    if single outputs do not determine the statistic (`is_derivable`). A statistic that single outputs determine and
    that was not recomputed is a disagreement.

    Args:
        stats: Columns of `STATISTIC_KEY`, `REPORTED` and `recompute_statistics`, joined on the key, with nulls where
            one side does not have the statistic. The columns source, benchmark, suite and run are copied if present.

    Returns:
        One row per number that disagrees, by field and then in the order of `stats`: the columns that identify the
        statistic, and `field`, `ours` and `reported`.
    """
    names = ["source", "benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY)]
    key = stats.select([name for name in names if name in stats.column_names])
    is_comparable = _is_comparable(stats)
    # Without values, only the count can be compared.
    has_values = is_comparable & (float_column(stats, "reported_count") > 0)
    scale = np.fmax(np.abs(float_column(stats, "min")), np.abs(float_column(stats, "max")))
    ours = np.stack([float_column(stats, column) for column in FIELDS.values()])
    ours[0] = np.nan_to_num(ours[0])  # a count that is unknown is 0
    reported = np.stack([float_column(stats, f"reported_{field}") for field in FIELDS])
    is_compared = np.stack([is_comparable, *[has_values] * (len(FIELDS) - 1)])
    fields, rows = np.nonzero(is_compared & differs(ours, reported, scale))
    return (
        key.take(pa.array(rows))
        .append_column("field", pa.array([list(FIELDS)[field] for field in fields.tolist()], pa.string()))
        .append_column("ours", pa.array(ours[fields, rows], from_pandas=True))
        .append_column("reported", pa.array(reported[fields, rows], from_pandas=True))
    )


def _is_comparable(stats: pa.Table) -> BoolArray:
    count = float_column(stats, "reported_count")
    is_finite: BoolArray = (count == 0) | ~np.isnan(float_column(stats, "reported_sum"))
    is_expected: BoolArray = np.array([is_derivable(name) for name in stats["metric_name"].to_pylist()], np.bool_)
    is_derived: BoolArray = ~np.isnan(float_column(stats, "n_instances"))
    has_odd_values: BoolArray = float_column(stats, "n_not_finite") > 0  # False where nothing was recomputed
    return is_finite & ~np.isnan(count) & ~has_odd_values & (is_derived | is_expected)
