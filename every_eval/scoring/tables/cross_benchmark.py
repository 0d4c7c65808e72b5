"""Rows of cross_benchmark: the results of each model of a source on all its benchmarks, side by side."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK, FROM_LEADERBOARD
from every_eval.scoring.tables.scenario_scores import Scores, scenario_scores
from every_eval.statistics.adjusted_scores import AdjustedScores, SamplingErrors

Row = Mapping[str, Any]
_COPIED: Final = ("source", "benchmark", "release", "model_name", "model_deployment", "creator", *FROM_LEADERBOARD)


def cross_benchmark(leaderboard: pa.Table, scores: pa.Table) -> pa.Table:
    """Return rows of the contract `cross_benchmark`, sorted by model and benchmark.

    Args:
        leaderboard: Leaderboard of one source with all its benchmarks.
        scores: What `select_scenario_scores` returns, of the same benchmarks.
    """
    listed = leaderboard.to_pylist()
    rows = _chosen_rows(listed)
    fits = _fits(scenario_scores(scores, {place: row["model_deployment"] for place, row in rows.items()}))
    n_ranked = Counter(row["benchmark"] for row in listed if row["rank"] is not None)
    n_benchmarks = Counter(model for _, model in rows)
    names: dict[str, str] = {}
    for (_, model), row in rows.items():
        names.setdefault(model, row["display_name"])
    found = [
        {
            **{name: row[name] for name in _COPIED},
            **fits.get(model, {}),
            "display_name": row["display_name"] or names[model],
            "n_deployments": row["n_deployments"],
            "n_benchmarks": n_benchmarks[model],
            "n_ranked": n_ranked[benchmark],
        }
        for (benchmark, model), row in sorted(rows.items(), key=lambda item: (item[0][1], item[0][0]))
    ]
    return pa.Table.from_pylist(found, schema=CROSS_BENCHMARK.schema)


def _chosen_rows(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    """Return the row that represents each benchmark and model; the choice does not depend on the scores."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["model_name"] is not None:
            groups[row["benchmark"], row["model_name"]].append(row)
    chosen = {place: min(few, key=_preference) for place, few in groups.items()}
    return {place: {**row, "n_deployments": len(groups[place])} for place, row in chosen.items()}


def _preference(row: Row) -> tuple[Any, ...]:
    return (row["rank"] is None, -row["n_scenarios"], row["model_deployment"] or "")


def _fits(scenarios: Mapping[str, Scores]) -> dict[str, Row]:
    """Return the columns of the additive fit of each model that the fit connects with the others."""
    models = sorted({model for scores in scenarios.values() for model in scores})
    unknown = (math.nan, math.nan)
    cells = [[scores.get(model, unknown) for model in models] for scores in scenarios.values()]
    values, variances = np.moveaxis(np.array(cells, np.float64).reshape(len(cells), len(models), 2), 2, 0)
    # Nothing is known here of common instances, so that scores of different models count as independent.
    errors = SamplingErrors(variances, np.full((len(cells), len(models), len(models)), np.nan))
    adjusted = AdjustedScores.of(values, errors)
    fit, (low, high) = adjusted.fit, adjusted.intervals()
    return {
        model: {
            "additive_fit_score": float(adjusted.values[at]),
            "additive_fit_low": float(low[at]),
            "additive_fit_high": float(high[at]),
            "n_fit_scenarios": int(np.count_nonzero(fit.is_measured[:, at])),
            "n_fit_scenarios_total": fit.n_columns,
        }
        for at, model in enumerate(models)
        if fit.has_model[at]
    }
