"""cross_benchmark: one row per model, over all benchmarks of a source."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.leaderboard import PLACE_AND_SCORES, UNSTATED
from every_eval.contracts.table import Column, Table

BENCHMARK_STANDING = pa.struct(
    [
        pa.field("benchmark", pa.string(), nullable=False),
        pa.field("release", pa.string(), nullable=False),
        pa.field("model_deployment", pa.string()),
        pa.field("n_deployments", pa.int32(), nullable=False),
        *PLACE_AND_SCORES,
    ]
)
"""A model's row in one benchmark's leaderboard, with its rank among `n_ranked` models, one deployment per model."""

CROSS_BENCHMARK = Table(
    name="cross_benchmark",
    doc=(
        "One row per model that any leaderboard of the source names. Models on most benchmarks come first, then models "
        "with the highest mean win rate. If a model was evaluated under several deployments, the deployment with "
        "scores in most scenarios represents the model (among equals, the first by name), never the deployment that "
        "scored best. Missing benchmarks are not imputed: means over different benchmarks cannot be compared."
    ),
    columns=(
        shared.SOURCE,
        Column("model_name", pa.string(), "Name of the model, as creator/name."),
        Column("display_name", pa.string(), "Name of the model for display.", UNSTATED),
        shared.CREATOR,
        Column("n_benchmarks", pa.int32(), "Number of benchmarks whose leaderboard names the model.", minimum=1),
        Column("n_benchmarks_total", pa.int32(), "Number of benchmarks that have a leaderboard.", minimum=1),
        Column(
            "n_benchmarks_ranked",
            pa.int32(),
            "Number of benchmarks that mean_win_rate averages: benchmarks that rank the model and at least one other "
            "model.",
            minimum=0,
        ),
        Column(
            "mean_win_rate",
            pa.float64(),
            "Mean over benchmarks of the model's win rate: the share of other models that rank below the model, where "
            "a tie counts half. This is HELM's mean win rate with benchmarks in place of scenarios; scores of "
            "different benchmarks have different units and are never averaged.",
            "no benchmark ranks the model and another model",
            minimum=0,
            maximum=1,
        ),
        Column(
            "benchmarks",
            pa.list_(pa.field("element", BENCHMARK_STANDING, nullable=False)),
            "Rank and scores of the model in each benchmark that has the model, ordered by the benchmark's name. "
            "To read in DuckDB: unnest(benchmarks, recursive := true); in pandas: explode, then json_normalize.",
        ),
    ),
    key=("source", "model_name"),
)
