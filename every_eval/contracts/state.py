"""state: statistics that the scores are made from, each with the shard that it comes from."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Column, Table

STATE = Table(
    name="state",
    doc="One row per statistic that the scores are made from, with the shard that the statistic comes from.",
    columns=(
        shared.SHARD,
        Column(
            "fingerprint",
            pa.string(),
            "Fingerprint of the shard's inputs, which tells the version of the shard that the row comes from.",
            repeats=True,
        ),
        *STATS.columns,
    ),
    key=STATS.key,
)
