"""Rows of leaderboard: how models do on a benchmark's main table, with bounds from comparisons item by item."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import OUTPUTS, REPORTED
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.scoring.comparisons.mean_decisions import MeanDecisions, score_matrix
from every_eval.scoring.comparisons.places import Places
from every_eval.scoring.comparisons.ranked_rows import (
    NOT_COMPARABLE,
    other_deployments,
    unranked_reasons,
    without_scores,
)
from every_eval.scoring.tables.cell_intervals import CellIntervals, mean_ends
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.sources.distinct import distinct
from every_eval.sources.main_table import MainTable, Standing
from every_eval.sources.statistics_files import RUN_COLUMNS, StatisticsFiles
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.nulls import to_array, to_list
from every_eval.statistics.win_rate_bounds import win_rate_bounds

ModelKey = tuple[str | None, str | None]
"""(model, deployment)"""
Columns = dict[str, Sequence[Any]]


def leaderboard(
    place: Mapping[str, str], compared: ComparedTable, clock: Clock, n_rejected: Mapping[ModelKey, int] | None = None
) -> pa.Table:
    """Return rows of the contract `leaderboard`, the best first, ties in the order of the main table.

    Args:
        place: Values of the columns source, benchmark and release.
        compared: Main table of the release, with comparisons of its rows.
        clock: The moment of the file.
        n_rejected: Number of files and rows of each model's runs that could not be read, where there are any.
    """
    columns, rejected = _columns(compared), n_rejected or {}
    rows = [
        {
            **standing.facts,
            **clock.columns,
            **place,
            **{name: values[at] for name, values in columns.items()},
            "n_scenarios": sum(score.value is not None for score in standing.scores),
            "n_scenarios_total": len(standing.scores),
            "n_scored": standing.n_scored,
            "score_origin": _origin(standing),
            "n_rejected": rejected.get((standing.facts["model_name"], standing.facts["model_deployment"]), 0),
        }
        for at, standing in enumerate(compared.table.standings)
    ]
    rows.sort(key=lambda row: row["rank"] or math.inf)
    return pa.Table.from_pylist(rows, schema=LEADERBOARD.schema)


def rejected_of_models(stats: StatisticsFiles) -> Counter[ModelKey]:
    """Return the number of files and rows that could not be read in the runs of each model that has any."""
    counts: Counter[ModelKey] = Counter()
    names = (*RUN_COLUMNS, "model_name", "model_deployment", "n_rejected")
    rejected = (piece.filter(pc.field("n_rejected") > 0) for piece in stats.pieces(names))
    runs = {run for rows in rejected if rows.num_rows for run in distinct(rows, names)[1]}
    for _, _, model, deployment, n_rejected in runs:
        counts[model, deployment] += n_rejected
    return counts


def _origin(standing: Standing) -> str | None:
    """Return where the model's scores come from; a single reported score makes the whole row a reported one."""
    scores = [score for score in standing.scores if score.value is not None]
    if not scores:
        return None
    return REPORTED if any(score.is_reported for score in scores) else OUTPUTS


def _columns(compared: ComparedTable) -> Columns:
    """Return the columns that follow from the scores of all rows."""
    table, board, cells = compared.table, compared.board, compared.cells
    reasons = unranked_reasons(table, compared.suites, compared.min_coverage)
    is_other = np.array(other_deployments(table, reasons), np.bool_)
    # A second deployment of a model would make the others win or lose twice.
    of_models = without_scores(table, is_other.tolist())
    means = MeanDecisions.of(of_models, board, np.where(is_other, np.nan, cells.standard_error))
    has_no_reason = np.array([reason is None for reason in reasons], np.bool_)
    places = Places(of_models, compared.decisions.among(of_models), means, has_no_reason).columns
    unranked = [
        None if rank is not None else reason or NOT_COMPARABLE
        for rank, reason in zip(places["rank"], reasons, strict=True)
    ]
    return {
        **places,
        "unranked_reason": unranked,
        "mean_win_rate": table.win_rates,
        "mean_score": table.mean_scores,
        "reported_mean_win_rate": table.reported_win_rates,
        "reported_mean_score": table.reported_mean_scores,
        **_win_rate_ends(compared),
        **_mean_scores(table, cells, means),
    }


def _win_rate_ends(compared: ComparedTable) -> Columns:
    """Return the bounds of mean win rates, which contain the win rates themselves."""
    rates, decisions = to_array(compared.table.win_rates), compared.decisions
    low, high = win_rate_bounds(decisions.wins, decisions.has_score)
    return _ends("mean_win_rate", np.minimum(low, rates), np.maximum(high, rates))


def _mean_scores(table: MainTable, cells: CellIntervals, means: MeanDecisions | None) -> Columns:
    """Return mean scores' intervals, and adjusted scores with theirs.

    The adjusted score of a model with all scores is its mean score, to the last bit.
    """
    values = to_array(table.mean_scores)
    low, high = (np.where(np.isnan(values), np.nan, end) for end in mean_ends(score_matrix(table), cells))
    if means is None:
        unknown = np.full(len(values), np.nan)
        return _ends("mean_score", low, high) | _with_ends("adjusted_score", unknown, unknown, unknown)
    adjusted, ends = means.adjusted, means.adjusted.intervals()
    signed = (-adjusted.values, -ends[1], -ends[0]) if means.lower_is_better else (adjusted.values, *ends)
    is_plain = _is_complete(table) & ~np.isnan(values)
    plain = (np.where(is_plain, one, other) for one, other in zip((values, low, high), signed, strict=True))
    return _ends("mean_score", low, high) | _with_ends("adjusted_score", *plain)


def _is_complete(table: MainTable) -> BoolArray:
    """Tell for each row whether it has a score in each column in which any row has one."""
    has_score = ~np.isnan(score_matrix(table))
    complete: BoolArray = np.all(has_score | ~has_score.any(axis=1, keepdims=True), axis=0)
    return complete


def _with_ends(name: str, values: FloatArray, low: FloatArray, high: FloatArray) -> Columns:
    return {name: to_list(values)} | _ends(name, low, high)


def _ends(name: str, low: FloatArray, high: FloatArray) -> Columns:
    return {f"{name}_low": to_list(low), f"{name}_high": to_list(high)}
