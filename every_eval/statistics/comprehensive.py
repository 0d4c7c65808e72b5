"""comprehensive_stats: the state's rows of the runs that a release shows, with scores, errors and ranks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS, PIPELINE_STAGE
from every_eval.contracts.stats import POOLED
from every_eval.statistics.grouped_ranks import ranks_within
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

VARIANT_KEY: Final = (
    "dataset_name",
    "task",
    "variant",
    "metric_name",
    "split",
    "sub_split",
    "perturbation",
    "computed_on",
)
"""Columns that runs share whose scores are compared."""


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
    runs: frozenset[tuple[str, str]]
    """(suite, run)"""
    lower_is_better: Mapping[str, bool]
    """By metric; metrics without a direction are absent."""


def select(state: pa.Table, shown: Shown) -> pa.Table:
    """The state's rows of the runs that the release shows."""
    pairs = zip(state["suite"].to_pylist(), state["run"].to_pylist(), strict=True)
    return state.filter(pa.array([pair in shown.runs for pair in pairs], pa.bool_()))


def comprehensive_stats(state: pa.Table, shown: Shown, clock: Clock) -> pa.Table:
    """Rows of the contract, sorted by run; `state` holds one benchmark's statistics of the runs shown."""
    # What is not published is also what is heavy to sort.
    state = state.drop(["run_spec", "boot_weight", "boot_sum"])
    # Of two statistics of a run, the reported one comes first in the state, and stays first: the sort is stable.
    state = state.take(pc.sort_indices(state, [("run", "ascending")]))
    columns: dict[str, Any] = {name: state[name] for name in state.schema.names}
    columns |= _scores(state)
    columns |= _ranks(state, columns["mean_score"], shown)
    n_rows = state.num_rows
    columns |= {
        name: pa.repeat(pa.scalar(value, COMPREHENSIVE_STATS.schema.field(name).type), n_rows)
        for name, value in {"release": shown.release, "pipeline_stage": PIPELINE_STAGE, **clock.columns}.items()
    }
    return pa.table([columns[name] for name in COMPREHENSIVE_STATS.schema.names], schema=COMPREHENSIVE_STATS.schema)


def _scores(state: pa.Table) -> dict[str, pa.ChunkedArray]:
    mean, n = state["mean"], state["n_scored"]
    score = pc.coalesce(mean, state["reported_mean"])
    origin = pc.if_else(pc.is_valid(mean), "outputs", pc.if_else(pc.is_valid(score), "reported", None))
    several = pc.fill_null(pc.greater(n, 1), False)
    std = pc.if_else(several, pc.sqrt(pc.divide(state["m2"], pc.subtract(pc.cast(n, pa.float64()), 1.0))), None)
    is_accuracy = pc.is_in(pc.replace_substring_regex(state["metric_name"], QUALIFIED, ""), pa.array(ACCURACY_METRICS))
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


def _ranks(state: pa.Table, score: pa.ChunkedArray, shown: Shown) -> dict[str, pa.Array]:
    lower = [shown.lower_is_better.get(name) for name in state["metric_name"].to_pylist()]
    values = score.to_numpy().astype(np.float64)
    directed = np.asarray([direction is not None for direction in lower])
    groups = _codes(state)
    upward = np.where(np.asarray([direction is True for direction in lower]), -values, values)
    upward[~directed] = np.nan
    rank, n_ranked = ranks_within(groups, upward)
    missing = np.isnan(upward)
    return {
        "lower_is_better": pa.array(lower, pa.bool_()),
        "rank": pa.array(rank, pa.int32(), mask=missing),
        "n_ranked": pa.array(n_ranked, pa.int32(), mask=missing),
    }


def _codes(state: pa.Table) -> np.ndarray:
    """One number for each distinct value of VARIANT_KEY."""
    codes = np.zeros(state.num_rows, np.int64)
    for name in VARIANT_KEY:
        column = state[name].combine_chunks().dictionary_encode(null_encoding="encode")
        codes = codes * max(len(column.dictionary), 1) + column.indices.to_numpy()
        codes = np.unique(codes, return_inverse=True)[1]
    return codes
