"""shards: what each published shard holds, so that a repo can be summed up without opening its files."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table

SHARDS = Table(
    name="shards",
    doc="One row per published shard: how much it holds, and of which models.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SHARD,
        Column("fingerprint", pa.string(), "Of the shard's inputs, as its statistics file is named."),
        Column("n_runs", pa.int64(), "Runs that the shard has statistics of.", minimum=0),
        Column("n_samples", pa.int64(), "Rows of samples.", minimum=0),
        Column("n_metrics", pa.int64(), "Rows of metrics.", minimum=0),
        Column("n_stats", pa.int64(), "Rows of stats.", minimum=0),
        Column("n_rejects", pa.int64(), "Rows of rejects.", minimum=0),
        Column("models", shared.TEXTS, "Models of the runs, sorted; those not stated are left out."),
    ),
    key=("shard",),
)
