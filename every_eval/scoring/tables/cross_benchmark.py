"""Rows of cross_benchmark: how each model of a source does over all benchmarks, with gaps left as gaps."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from every_eval.contracts.cross_benchmark import BENCHMARK_STANDING, CROSS_BENCHMARK
from every_eval.statistics.ranks import competition_ranks
from every_eval.statistics.win_rates import mean_win_rates

Row = dict[str, Any]


def cross_benchmark(leaderboard: pa.Table) -> pa.Table:
    """Return rows of the contract `cross_benchmark`, from the leaderboard of one source with all its benchmarks."""
    standings: dict[str, dict[str, Row]] = {}
    for benchmark, rows in _group(leaderboard.to_pylist(), "benchmark"):
        standings[benchmark] = _ranked({model: _representative(few) for model, few in _group(rows, "model_name")})
    models = sorted({model for of_models in standings.values() for model in of_models})
    rates = _win_rates(standings, models)
    rows = [_row(model, rate, standings) for model, rate in zip(models, rates, strict=True)]
    rows.sort(key=lambda row: (-row["n_benchmarks"], row["mean_win_rate"] is None, -(row["mean_win_rate"] or 0)))
    return pa.Table.from_pylist(rows, schema=CROSS_BENCHMARK.schema)


def _group(rows: Iterable[Row], name: str) -> Iterable[tuple[str, list[Row]]]:
    """Return rows grouped by the value of a column, sorted by the value; rows without a value are left out."""
    groups = defaultdict(list)
    for row in rows:
        if row[name] is not None:
            groups[row[name]].append(row)
    return sorted(groups.items())


def _representative(deployments: Sequence[Row]) -> Row:
    """Return the row that represents a model in a benchmark: the deployment with most scenarios, then by name.

    The choice does not depend on the scores.
    """
    first = min(deployments, key=lambda row: (-row["n_scenarios"], row["model_deployment"] or ""))
    return first | {"n_deployments": len(deployments)}


def _ranked(models: Mapping[str, Row]) -> dict[str, Row]:
    """Return the rows with their ranks among each other."""
    ranks = competition_ranks([row["rank"] and -row["rank"] for row in models.values()])
    n_ranked = sum(rank is not None for rank in ranks)
    return {
        model: row | {"rank": rank, "n_ranked": n_ranked}
        for (model, row), rank in zip(models.items(), ranks, strict=True)
    }


def _win_rates(standings: Mapping[str, Mapping[str, Row]], models: Sequence[str]) -> Sequence[float | None]:
    """Return mean win rates by ranks: a rank says which of two scores is better, whatever their unit and direction."""
    columns = [[of_models.get(model, {}).get("rank") for model in models] for of_models in standings.values()]
    return mean_win_rates(columns, [True] * len(columns))


def _row(model: str, rate: float | None, standings: Mapping[str, Mapping[str, Row]]) -> Row:
    found = [of_models[model] for of_models in standings.values() if model in of_models]
    stated = {name: next((row[name] for row in found if row[name]), None) for name in ("display_name", "creator")}
    return stated | {
        "source": found[0]["source"],
        "model_name": model,
        "n_benchmarks": len(found),
        "n_benchmarks_total": len(standings),
        "n_benchmarks_ranked": sum(row["rank"] is not None and row["n_ranked"] > 1 for row in found),
        "mean_win_rate": rate,
        "benchmarks": [{field.name: row[field.name] for field in BENCHMARK_STANDING} for row in found],
    }
