"""shards: contents of each published shard, so that the data repo can be summarised without opening its files."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

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
        Column("models", shared.TEXTS, "Names of the models of the shard's runs, sorted; unknown models are left out."),
    ),
    key=("shard",),
)
