"""scenario_scores: the scores behind a leaderboard, and where the answers behind each score are; a file of the page."""

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
