"""scenario_scores: the scores behind a leaderboard, and where the answers behind each score are; a file of the page."""

from typing import Final

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.table import Column, Table

_COPIED = (
    "run",
    "variant",
    "dataset_name",
    "task",
    "model_name",
    "model_deployment",
    "metric_name",
    "split",
    "lower_is_better",
    "mean_score",
    "score_origin",
    "standard_error",
    "ci_low",
    "ci_high",
    "ci_method",
    "n_scored",
    "n_trials",
    "reported_mean",
    "is_complete",
    "unscored_reason",
    "suite",
    "shard",
    "source_url",
)
COPIED = tuple(column for name in _COPIED for column in COMPREHENSIVE_STATS.columns if column.name == name)
"""Columns whose values are those of comprehensive_stats."""

USE: Final = {
    "mean_prompt_tokens": ("num_prompt_tokens", "input_tokens"),
    "mean_output_tokens": ("num_output_tokens", "output_tokens"),
    "mean_seconds": ("inference_runtime", "total_time"),
    "mean_cost": ("total_cost",),
}
"""Columns of what an instance uses, each with the metrics that state it, by HELM and by Inspect."""
_USE_DOCS: Final = {
    "mean_prompt_tokens": ("Mean number of tokens of an instance's prompt", "tokens"),
    "mean_output_tokens": ("Mean number of tokens that the model wrote for an instance", "tokens"),
    "mean_seconds": ("Mean time that the model took for an instance", "seconds"),
    "mean_cost": ("Mean price of an instance, as the source states it", None),
}

NO_CELL = "the source publishes no such table, or leaves the cell blank"
NOT_INDEXED = "the index of shards does not count the run's rows"

SCENARIO_SCORES = Table(
    name="scenario_scores",
    doc=(
        "One row per run that the newest release of a benchmark shows, and column of the main table that the run "
        "belongs to: the run's main score, and the rows of the run's shard that hold the answers behind the score."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        Column(
            "column_index",
            pa.int32(),
            "Position of the column in the main table, from 0.",
            "the run belongs to no column of the main table",
            minimum=0,
        ),
        Column(
            "column_name",
            pa.string(),
            "Name of the column of the main table: a scenario with its metric.",
            "the run belongs to no column of the main table",
            repeats=True,
        ),
        *COPIED,
        Column(
            "cell_value",
            pa.float64(),
            "Value of the table's cell by the source's own rules, which may pool several runs.",
            NO_CELL,
        ),
        Column("published_value", pa.float64(), "Value of the table's cell that the source published.", NO_CELL),
        *(
            Column(
                name,
                pa.float64(),
                f"{_USE_DOCS[name][0]}: the mean of the run's metric {' or '.join(metrics)}.",
                "the source states no such metric of the run",
                unit=_USE_DOCS[name][1],
            )
            for name, metrics in USE.items()
        ),
        Column(
            "sample_row", pa.int64(), "First row of the run in the shard's samples, from 0.", NOT_INDEXED, minimum=0
        ),
        Column("n_samples", pa.int64(), "Number of the run's rows in the shard's samples.", NOT_INDEXED, minimum=0),
        Column(
            "item_row", pa.int64(), "First row of the run in the shard's item_scores, from 0.", NOT_INDEXED, minimum=0
        ),
        Column("n_items", pa.int64(), "Number of the run's rows in the shard's item_scores.", NOT_INDEXED, minimum=0),
    ),
    key=("source", "benchmark", "release", "column_index", "run", "metric_name", "split", "suite"),
)
