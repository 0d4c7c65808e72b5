"""Make the main table of a benchmark: scores of models on the main metrics of tasks and groups."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.sources.latest_release import ReleaseFacts, read_facts
from every_eval.sources.main_columns import MainColumn, MainColumns
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles

ModelKey = tuple[str | None, str | None]
"""Name and deployment of a model."""

_COLUMNS: Final = (
    "suite",
    "run",
    "model_name",
    "model_deployment",
    "variant",
    "metric_name",
    "split",
    "sub_split",
    "mean",
    "reported_mean",
    "unscored_reason",
)


def directions(release: Mapping[str, Any]) -> Mapping[str, bool]:
    """Return for each "{metric},{filter}" of a release whether lower is better."""
    return read_facts(release).lower_is_better


def main_statistics(stats: StatisticsFiles) -> pa.Table:
    """Read the rows that the main table is made from."""
    return stats.read([*_COLUMNS, "is_main_metric"], lambda rows: rows["is_main_metric"])


def main_columns(release: Mapping[str, Any]) -> MainColumns:
    """Return a column for each main metric of a variant.

    Args:
        release: A row of the contract `releases`.
    """
    return MainColumns(
        [
            MainColumn(f"{one.variant} - {one.metric}", one.metric, variant=one.variant)
            for one in read_facts(release).main_table
        ]
    )


def main_table(release: Mapping[str, Any], stats: pa.Table) -> MainTable | None:
    """Return the main table of a release, with one column for each main metric of a variant.

    A score is recomputed, or as reported if rows do not determine the score. The result is null if nothing was
    evaluated in full. `stats` holds rows of the table `stats`.
    """
    schema = read_facts(release)
    shown = {(run["suite"], run["run"]) for run in release["runs"]}
    scores: dict[ModelKey, dict[tuple[str, str], Score]] = {}
    stats = stats.filter(pc.field("is_main_metric"))
    for row in stats.select(_COLUMNS).to_pylist():
        if (row["suite"], row["run"]) in shown:
            of_model = scores.setdefault((row["model_name"], row["model_deployment"]), {})
            of_model[row["variant"], row["metric_name"]] = _score(row)
    columns = [(column.variant, column.metric) for column in schema.main_table]
    found = [(key, [scores[key].get(column, Score(None)) for column in columns]) for key in sorted(scores, key=_order)]
    standings = [
        Standing(_facts(schema, *key), of_model)
        for key, of_model in found
        if any(score.value is not None or score.lost_because for score in of_model)
    ]
    lower_is_better = [column.lower_is_better for column in schema.main_table]
    return MainTable(lower_is_better, standings, has_win_rates=True) if standings else None


def _score(row: Mapping[str, Any]) -> Score:
    """Return the score of a statistic. A score that is only reported pools no statistic."""
    reported = row["reported_mean"]
    if row["mean"] is None:
        return Score(reported, reported, is_reported=True, lost_because=row["unscored_reason"])
    key = StatisticKey(*(row[name] for name in StatisticKey._fields[:-1]))
    own = PooledStatistic(key, 1, row["mean"])
    return Score(row["mean"], reported, statistics=(own,))


def _order(key: ModelKey) -> tuple[str, str]:
    return (key[0] or "", key[1] or "")


def _facts(schema: ReleaseFacts, name: str | None, deployment: str | None) -> dict[str, Any]:
    """Return what lm-eval states about a model: its name, deployment and number of parameters."""
    return {
        "model_name": name,
        "model_deployment": deployment,
        "display_name": name,
        "creator": None,
        "access": None,
        "release_date": None,
        "num_parameters": schema.num_parameters.get(name or ""),
    }
