"""Rows of leaderboard: how models do on a benchmark's main table, with confidence intervals."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.scoring.tables.clock import Clock
from every_eval.sources.main_table import Aggregate, MainTable
from every_eval.statistics.bootstrap import percentile_interval
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.intervals import BOOTSTRAP
from every_eval.statistics.ranks import competition_ranks, rank_ranges


def leaderboard(source: str, benchmark: str, release: str, table: MainTable, clock: Clock) -> pa.Table:
    """Return rows of the contract `leaderboard`, the best first, ties in the order of the main table."""
    columns = _aggregates(table)
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
        }
        for at, standing in enumerate(table.standings)
    ]
    rows.sort(key=lambda row: row["rank"] or math.inf)
    return pa.Table.from_pylist(rows, schema=LEADERBOARD.schema)


def _aggregates(table: MainTable) -> dict[str, Sequence[Any]]:
    """Return the columns of ranks, win rates and mean scores, and of the ends of their intervals."""
    columns: dict[str, Sequence[Any]] = {
        "rank": competition_ranks(table.ranking.values),
        "mean_win_rate": table.win_rates.values,
        "mean_score": table.mean_scores.values,
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
