"""Rows of comprehensive_stats: statistics of the runs that a release shows, with scores, intervals and ranks."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS, OUTPUTS, PIPELINE_STAGE, REPORTED
from every_eval.contracts.metric_ranges import ACCURACY_METRICS, METRIC_SUFFIX
from every_eval.contracts.scenario_names import common_name
from every_eval.contracts.shared_columns import RUN_SETTINGS
from every_eval.contracts.state import STATE
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.scoring.tables.score_intervals import statistic_intervals
from every_eval.sources.columns import without_nan
from every_eval.sources.distinct import distinct

_UNUSED: Final = {
    *("fingerprint", "run_spec", "reported_index", "sum", "withheld_arguments"),
    *(column.name for column in RUN_SETTINGS),
}
COLUMNS: Final = tuple(column.name for column in STATE.columns if column.name not in _UNUSED)
"""Columns of the state that the rows are made from, or that are checked."""


def comprehensive_stats(state: pa.Table, ranks: pa.Table, release: ShownRelease, clock: Clock) -> pa.Table:
    """Return rows of the contract `comprehensive_stats`, one for each row of the state, in the same order.

    A text column is a dictionary column where it is one in the state.

    Args:
        state: `COLUMNS` of rows of the contract `state`, of runs of one benchmark that the release shows.
        ranks: Columns `rank` and `n_ranked` of the same rows.
        release: The release.
        clock: The moment of the file.
    """
    columns: dict[str, Any] = {name: state[name] for name in state.schema.names}
    columns |= _scores(state) | intervals(state) | {name: ranks[name] for name in ranks.column_names}
    columns["common_name"] = _common_names(state)
    columns["lower_is_better"] = release.directions(state)
    constants = {"release": release.name, "pipeline_stage": PIPELINE_STAGE, **clock.columns}
    columns |= {
        name: pa.repeat(pa.scalar(value, COMPREHENSIVE_STATS.schema.field(name).type), state.num_rows)
        for name, value in constants.items()
    }
    fields = [
        field.with_type(columns[field.name].type) if pa.types.is_dictionary(columns[field.name].type) else field
        for field in COMPREHENSIVE_STATS.schema
    ]
    schema = pa.schema(fields, COMPREHENSIVE_STATS.schema.metadata)
    return pa.table({name: columns[name] for name in schema.names}).cast(schema)


def score_of(state: pa.Table) -> pa.ChunkedArray:
    """Return each row's score: the mean recomputed from the outputs or, where there is none, the reported mean."""
    return pc.coalesce(state["mean"], state["reported_mean"])


def _common_names(state: pa.Table) -> pa.Array:
    """Return the common name of each row's scenario."""
    position, scenarios = distinct(state, ["source", "dataset_name"])
    return pa.array([common_name(*scenario) for scenario in scenarios], pa.string()).take(pa.array(position))


def _scores(state: pa.Table) -> dict[str, pa.ChunkedArray]:
    mean, n, score = state["mean"], state["n_scored"], score_of(state)
    origin = pc.if_else(pc.is_valid(mean), OUTPUTS, pc.if_else(pc.is_valid(score), REPORTED, None))
    several = pc.fill_null(pc.greater(n, 1), False)
    std = pc.if_else(several, pc.sqrt(pc.divide(state["m2"], pc.subtract(pc.cast(n, pa.float64()), 1.0))), None)
    metric = state["metric_name"].cast(pa.string())
    is_accuracy = pc.is_in(pc.replace_substring_regex(metric, METRIC_SUFFIX, ""), pa.array(ACCURACY_METRICS))
    return {
        "evaluation_method_name": state["metric_name"],
        "total_samples": state["n_instances"],
        "mean_score": score,
        "score_origin": origin,
        "accuracy": pc.if_else(is_accuracy, score, None),
        "std_score": std,
        "min_score": state["min"],
        "max_score": state["max"],
    }


def intervals(state: pa.Table) -> dict[str, pa.Array]:
    """Return the standard error, the confidence interval and its method for rows of the table `stats`."""
    found = statistic_intervals(state)
    is_missing = np.isnan(found.low)
    return {
        "standard_error": without_nan(found.standard_error),
        "ci_low": pa.array(found.low, mask=is_missing),
        "ci_high": pa.array(found.high, mask=is_missing),
        "ci_method": pa.array(found.method, pa.string(), mask=is_missing),
        "is_small_sample": pa.array(found.is_small, mask=is_missing),
    }
