"""shards: contents of each published shard, so that the data repo can be summarised without opening its files."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

REJECTED = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("reason", pa.string(), nullable=False),
                pa.field("n", pa.int64(), nullable=False),
                pa.field("places", shared.TEXTS, nullable=False),
            ]
        ),
        nullable=False,
    )
)
"""Reason of rejects, number of rejects with the reason, and the places of the first of them."""
DISAGREEMENTS = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                *(pa.field(name, pa.string()) for name in ("suite", "run", "metric_name", "split", "sub_split")),
                *(pa.field(name, pa.string()) for name in ("perturbation", "computed_on", "field")),
                pa.field("ours", pa.float64()),
                pa.field("reported", pa.float64()),
            ]
        ),
        nullable=False,
    )
)
"""Numbers that the source reported and that its outputs do not give, with the key of the statistic."""

RUNS = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("suite", pa.string(), nullable=False),
                pa.field("run", pa.string(), nullable=False),
                pa.field("inputs", pa.string()),
                pa.field("releases", shared.TEXTS, nullable=False),
                pa.field("is_complete", pa.bool_(), nullable=False),
                *(pa.field(f"n_{name}", pa.int64()) for name in ("samples", "metrics", "stats", "reported")),
                *(pa.field(f"n_{name}", pa.int64()) for name in ("item_scores", "judgements")),
                *(pa.field(f"n_{name}", pa.int64()) for name in ("rejects", "disagreements")),
                pa.field("failure", pa.string()),
                pa.field("failed_inputs", pa.string()),
                pa.field("failed_version", pa.string()),
            ]
        ),
        nullable=False,
    )
)
"""What the published rows of each run of a shard are made from, and how many there are."""

SHARDS = Table(
    name="shards",
    doc="One row per published shard: its numbers of runs and rows, and its models.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SHARD,
        Column(
            "fingerprint",
            pa.string(),
            "Fingerprint of the shard's inputs, as in the name of the shard's statistics file.",
        ),
        Column("n_runs", pa.int64(), "Number of runs that have statistics in the shard.", minimum=0),
        Column("n_samples", pa.int64(), "Number of rows in the shard's samples file.", minimum=0),
        Column("n_metrics", pa.int64(), "Number of rows in the shard's metrics file.", minimum=0),
        Column("n_stats", pa.int64(), "Number of rows in the shard's statistics file.", minimum=0),
        Column("n_rejects", pa.int64(), "Number of rows in the shard's rejects file.", minimum=0),
        Column("n_item_scores", pa.int64(), "Number of rows in the shard's item_scores file.", minimum=0, before=0),
        Column("n_judgements", pa.int64(), "Number of rows in the shard's judgements file.", minimum=0, before=0),
        Column(
            "n_incomplete_runs",
            pa.int64(),
            "Number of runs of which files or rows are missing.",
            minimum=0,
            before=0,
        ),
        Column(
            "rejected",
            REJECTED,
            "Number of rejects by reason, with the places of the first of them: suite, run, file and place.",
            before=(),
        ),
        Column(
            "n_compared",
            pa.int64(),
            "Number of reported means and standard errors that were compared with our own.",
            minimum=0,
            before=0,
        ),
        Column(
            "n_disagreements",
            pa.int64(),
            "Number of reported numbers that differ from our own.",
            minimum=0,
            before=0,
        ),
        Column(
            "disagreements",
            DISAGREEMENTS,
            "The first 1,000 disagreements: the statistic, our number, the reported number.",
            before=(),
        ),
        Column(
            "held_back_fingerprint",
            pa.string(),
            "Fingerprint of newer inputs that are not published, because damage in them would remove rows.",
            null_when="nothing is held back",
        ),
        Column(
            "held_back_reason",
            pa.string(),
            "Damage because of which the newer inputs are not published.",
            null_when="nothing is held back",
        ),
        Column(
            "runs",
            RUNS,
            "Runs of the shard, in the order of their rows: digest of the inputs that the published rows are made from "
            "(null if there is none, because the run was never read), releases that the rows name, numbers of rows "
            "(null if unknown), and number of disagreements. If reading the newest inputs failed by a fault of "
            "every_eval: the failure, the digest of these inputs, and the version of every_eval.",
            before=(),
        ),
        Column("models", shared.TEXTS, "Names of the models of the shard's runs, sorted; unknown models are left out."),
    ),
    key=("shard",),
)
