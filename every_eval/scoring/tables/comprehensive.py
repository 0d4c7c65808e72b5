"""comprehensive_stats: the state's rows of the runs that a release shows, with scores, errors and ranks."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS, PIPELINE_STAGE
from every_eval.contracts.distinct import distinct
from every_eval.contracts.state import STATE
from every_eval.contracts.stats import BOOTSTRAP, POOLED
from every_eval.sources.state_files import RunKey
from every_eval.statistics.intervals import intervals

ACCURACY_METRICS: Final = (
    "exact_match",
    "quasi_exact_match",
    "quasi_leave_articles_exact_match",
    "prefix_exact_match",
    "quasi_prefix_exact_match",
    "exact_match_indicator",
    "exact_set_match",
    "final_number_exact_match",
    "math_equiv",
    "math_equiv_chain_of_thought",
    "acc",
    "acc_norm",
    "acc_bytes",
    "acc_mutual_info",
)
"""HELM's and lm-eval's metrics that are 1 for a right output, else 0, so that their mean is an accuracy."""

QUALIFIED: Final = r"(@\d+)?(,.*)?$"
"""What may follow a metric's own name: HELM's `@k`, of the best of k completions, and lm-eval's `,filter`."""

COLUMNS: Final = tuple(
    column.name
    for column in STATE.columns
    if column.name not in {"fingerprint", "run_spec", "reported_index", *(column.name for column in BOOTSTRAP)}
)
"""Of the state, what the rows are made of, and what is checked in them."""


@dataclass(frozen=True)
class Clock:
    """The one moment of a file, and that of the data in it."""

    generated_at: datetime
    processed_at: datetime

    @property
    def columns(self) -> Mapping[str, Any]:
        """Values of the clock columns."""
        hours = (self.generated_at - self.processed_at).total_seconds() / 3600
        return {
            "comprehensive_stats_generated_at": self.generated_at,
            "processed_at": self.processed_at,
            "data_freshness_hours": hours,
        }


@dataclass(frozen=True)
class Shown:
    """What a release shows, and how its metrics are directed."""

    release: str
    runs: Set[RunKey]
    lower_is_better: Mapping[str, bool]
    """By metric; metrics without a direction are absent."""


def comprehensive_stats(state: pa.Table, places: pa.Table, shown: Shown, clock: Clock) -> pa.Table:
    """Rows of the contract in the order of the state's, texts as codes of a dictionary where the state's are.

    Args:
        state: `COLUMNS` of rows of the contract `state`, of one benchmark and of runs that are shown.
        places: Columns `rank` and `n_ranked` of the same rows.
        shown: The release.
        clock: The moment of the file.
    """
    columns: dict[str, Any] = {name: state[name] for name in state.schema.names}
    columns |= _scores(state) | {name: places[name] for name in places.column_names}
    columns["lower_is_better"] = directions(state, shown)
    of_all = {"release": shown.release, "pipeline_stage": PIPELINE_STAGE, **clock.columns}
    columns |= {
        name: pa.repeat(pa.scalar(value, COMPREHENSIVE_STATS.schema.field(name).type), state.num_rows)
        for name, value in of_all.items()
    }
    return pa.table({name: columns[name] for name in COMPREHENSIVE_STATS.schema.names}).cast(_coded_as(columns))


def score_of(state: pa.Table) -> pa.ChunkedArray:
    """The mean that the outputs give, else the one reported."""
    return pc.coalesce(state["mean"], state["reported_mean"])


def directions(state: pa.Table, shown: Shown) -> pa.Array:
    """Whether lower is better, row by row; null where neither is."""
    position, metrics = distinct(state, ["metric_name"])
    return pa.array([shown.lower_is_better.get(name) for (name,) in metrics], pa.bool_()).take(pa.array(position))


def _coded_as(columns: Mapping[str, Any]) -> pa.Schema:
    """The contract's schema, but for texts that are codes already."""
    return pa.schema(
        [
            field.with_type(columns[field.name].type) if pa.types.is_dictionary(columns[field.name].type) else field
            for field in COMPREHENSIVE_STATS.schema
        ],
        COMPREHENSIVE_STATS.schema.metadata,
    )


def _scores(state: pa.Table) -> dict[str, pa.ChunkedArray]:
    mean, n, score = state["mean"], state["n_scored"], score_of(state)
    origin = pc.if_else(pc.is_valid(mean), "outputs", pc.if_else(pc.is_valid(score), "reported", None))
    several = pc.fill_null(pc.greater(n, 1), False)
    std = pc.if_else(several, pc.sqrt(pc.divide(state["m2"], pc.subtract(pc.cast(n, pa.float64()), 1.0))), None)
    metric = state["metric_name"].cast(pa.string())
    is_accuracy = pc.is_in(pc.replace_substring_regex(metric, QUALIFIED, ""), pa.array(ACCURACY_METRICS))
    is_pooled = pc.fill_null(pc.equal(state["standard_error_method"], POOLED), False)
    of_instances = intervals(state, pc.if_else(is_pooled, state["standard_error"], None).to_numpy())
    return {
        **{name: of_instances[name] for name in of_instances.column_names},
        "evaluation_method_name": state["metric_name"],
        "total_samples": state["n_instances"],
        "mean_score": score,
        "score_origin": origin,
        "accuracy": pc.if_else(is_accuracy, score, None),
        "std_score": std,
        "min_score": state["min"],
        "max_score": state["max"],
    }
