"""The main table over the newest runs, for the leaderboard."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.sources.eval_harness.release import Schema, read_schema
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.state_files import StateFiles
from every_eval.statistics.bootstrap import estimates

ModelKey = tuple[str | None, str | None]
"""(model, deployment)"""

_NEEDED: Final = (
    "suite",
    "run",
    "model_name",
    "model_deployment",
    "variant",
    "metric_name",
    "mean",
    "reported_mean",
    "n_scored",
    "boot_weight",
    "boot_sum",
)


def directions(release: Mapping[str, Any]) -> Mapping[str, bool]:
    """Whether lower is better, by "{metric},{filter}"."""
    return read_schema(release).lower_is_better


def read_main(stats: StateFiles) -> pa.Table:
    """The rows that the main table is made from."""
    return stats.read([*_NEEDED, "is_main_metric"], lambda rows: rows["is_main_metric"])


def standings(release: Mapping[str, Any], stats: pa.Table) -> MainTable | None:
    """How models stand on the main metrics of tasks and groups, one column for each variant.

    Scores are recomputed ones, or as reported where rows do not determine them. `stats` holds rows of the contract.
    Null if nothing was evaluated in full.
    """
    schema = read_schema(release)
    shown = {(run["suite"], run["run"]) for run in release["runs"]}
    scores: dict[ModelKey, dict[tuple[str, str], Score]] = {}
    for row in stats.filter(pc.field("is_main_metric")).select(_NEEDED).to_pylist():
        if (row["suite"], row["run"]) in shown:
            of_model = scores.setdefault((row["model_name"], row["model_deployment"]), {})
            of_model[row["variant"], row["metric_name"]] = _score(row)
    columns = [(column.variant, column.metric) for column in schema.main_table]
    found = [(key, [scores[key].get(column, Score(None)) for column in columns]) for key in sorted(scores, key=_order)]
    standings = [
        Standing(_facts(schema, *key), of_model)
        for key, of_model in found
        if any(score.value is not None for score in of_model)
    ]
    lower_is_better = [column.lower_is_better for column in schema.main_table]
    return MainTable(lower_is_better, standings, has_win_rates=True) if standings else None


def _score(row: Mapping[str, Any]) -> Score:
    """A statistic's value, with replicates where more than one instance has one: of one nobody can say its spread."""
    if row["mean"] is None:
        return Score(row["reported_mean"])
    if row["boot_sum"] is None or row["n_scored"] < 2:
        return Score(row["mean"])
    return Score(row["mean"], estimates(np.array(row["boot_weight"]), np.array(row["boot_sum"])))


def _order(key: ModelKey) -> tuple[str, str]:
    return (key[0] or "", key[1] or "")


def _facts(schema: Schema, name: str | None, deployment: str | None) -> dict[str, Any]:
    """lm-eval states of a model no more than what it was called and how many parameters it has."""
    return {
        "model_name": name,
        "model_deployment": deployment,
        "display_name": name,
        "creator": None,
        "access": None,
        "release_date": None,
        "num_parameters": schema.num_parameters.get(name or ""),
    }
