"""cross_benchmark: one row per model, over all benchmarks of a source."""

import pyarrow as pa

from every_eval.contracts import identity as shared
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
"""A model's row of one benchmark's leaderboard: its place among `n_ranked` models, each with one deployment."""

CROSS_BENCHMARK = Table(
    name="cross_benchmark",
    doc=(
        "One row per model that any leaderboard of the source names, those on most benchmarks first, then by mean win "
        "rate. Where a model was measured under several deployments, the one with scores in most scenarios stands for "
        "it, of equals the first by name: never the one that scored best. Nothing is imputed: a benchmark without the "
        "model is not in its row, and means over different benchmarks are not the same measure."
    ),
    columns=(
        shared.SOURCE,
        Column("model_name", pa.string(), "Model, as creator/name."),
        Column("display_name", pa.string(), "Model's name for people.", UNSTATED),
        shared.CREATOR,
        Column("n_benchmarks", pa.int32(), "Benchmarks whose leaderboard has the model.", minimum=1),
        Column("n_benchmarks_total", pa.int32(), "Benchmarks that have a leaderboard.", minimum=1),
        Column(
            "n_benchmarks_ranked",
            pa.int32(),
            "Benchmarks that mean_win_rate is over: those that rank the model among others.",
            minimum=0,
        ),
        Column(
            "mean_win_rate",
            pa.float64(),
            "Mean over benchmarks of the share of other models that it is placed above, a tie counting half: HELM's "
            "mean win rate, with benchmarks for scenarios. Their scores have different units and are never added.",
            "no benchmark ranks the model among others",
            minimum=0,
            maximum=1,
        ),
        Column(
            "benchmarks",
            pa.list_(pa.field("element", BENCHMARK_STANDING, nullable=False)),
            "The model's place and scores in each benchmark that has it, by the benchmark's name. DuckDB: "
            "unnest(benchmarks, recursive := true); pandas: explode, then json_normalize.",
        ),
    ),
    key=("source", "model_name"),
)
