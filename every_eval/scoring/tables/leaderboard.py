"""Rows of leaderboard: how models do on a benchmark's main table, with confidence intervals."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import OUTPUTS, REPORTED
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.scoring.tables.clock import Clock
from every_eval.sources.distinct import distinct
from every_eval.sources.main_table import Aggregate, MainTable, Standing
from every_eval.statistics.bootstrap import percentile_interval
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.intervals import BOOTSTRAP
from every_eval.statistics.ranks import competition_ranks, rank_ranges

NO_SCORE: Final = "The model has no score on the main table."
NOT_COMPARABLE: Final = (
    "The model's scores cannot be compared: no other model has a score on the same scenarios, or the release states no "
    "one direction for the metrics."
)

ModelKey = tuple[str | None, str | None]
"""(model, deployment)"""


def leaderboard(
    source: str,
    benchmark: str,
    release: str,
    table: MainTable,
    clock: Clock,
    n_rejected: Mapping[ModelKey, int] | None = None,
) -> pa.Table:
    """Return rows of the contract `leaderboard`, the best first, ties in the order of the main table.

    Args:
        source: Name of the source.
        benchmark: Name of the benchmark.
        release: Name of the release.
        table: Main table of the release.
        clock: The moment of the file.
        n_rejected: Number of files and rows of each model's runs that could not be read, where there are any.
    """
    columns = _aggregates(table)
    rejected = n_rejected or {}
    rows = [
        {
            **standing.facts,
            **clock.columns,
            **{name: values[at] for name, values in columns.items()},
            "source": source,
            "benchmark": benchmark,
            "release": release,
            "n_scenarios": sum(score.value is not None for score in standing.scores),
            "n_scenarios_total": len(standing.scores),
            "n_scored": standing.n_scored,
            "score_origin": _origin(standing),
            "n_rejected": rejected.get((standing.facts["model_name"], standing.facts["model_deployment"]), 0),
            "unranked_reason": None if columns["rank"][at] is not None else _unranked_reason(standing),
        }
        for at, standing in enumerate(table.standings)
    ]
    rows.sort(key=lambda row: row["rank"] or math.inf)
    return pa.Table.from_pylist(rows, schema=LEADERBOARD.schema)


def rejected_of_models(comprehensive: pa.Table) -> Counter[ModelKey]:
    """Return the number of files and rows that could not be read in the runs of each model that has any.

    The rows of the contract `comprehensive_stats` cut no run.
    """
    counts: Counter[ModelKey] = Counter()
    rejected = comprehensive.filter(pc.field("n_rejected") > 0)
    _, runs = distinct(rejected, ["suite", "run", "model_name", "model_deployment", "n_rejected"])
    for _, _, model, deployment, n_rejected in runs:
        counts[model, deployment] += n_rejected
    return counts


def _origin(standing: Standing) -> str | None:
    """Return where the model's scores come from; a single reported score makes the whole row a reported one."""
    scores = [score for score in standing.scores if score.value is not None]
    if not scores:
        return None
    return REPORTED if any(score.is_reported for score in scores) else OUTPUTS


def _unranked_reason(standing: Standing) -> str:
    if standing.unranked_because:
        return standing.unranked_because
    return NO_SCORE if all(score.value is None for score in standing.scores) else NOT_COMPARABLE


def _aggregates(table: MainTable) -> dict[str, Sequence[Any]]:
    """Return the columns of ranks, win rates and mean scores, and of the ends of their intervals."""
    columns: dict[str, Sequence[Any]] = {
        "rank": competition_ranks(table.ranking.values),
        "mean_win_rate": table.win_rates.values,
        "mean_score": table.mean_scores.values,
        "reported_mean_win_rate": table.reported_win_rates,
        "reported_mean_score": table.reported_mean_scores,
        **_ends("rank", table.ranking, rank_ranges),
        **_ends("mean_win_rate", table.win_rates, percentile_interval),
        **_ends("mean_score", table.mean_scores, percentile_interval),
    }
    lows = zip(columns["mean_win_rate_low"], columns["mean_score_low"], strict=True)
    return columns | {"ci_method": [None if low == (None, None) else BOOTSTRAP for low in lows]}


def _ends(
    name: str, aggregate: Aggregate, interval: Callable[[FloatArray], tuple[FloatArray, FloatArray]]
) -> dict[str, list[float | None]]:
    """Return the two ends of each row's interval; null where the replicates of the row are unknown."""
    return {
        f"{name}_{end}": [
            float(value) if known and not math.isnan(value) else None
            for value, known in zip(values, aggregate.is_resampled, strict=True)
        ]
        for end, values in zip(("low", "high"), interval(aggregate.replicates), strict=True)
    }
