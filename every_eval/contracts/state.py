"""state: the statistics folded so far, each with its shard."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Column, Table

STATE = Table(
    name="state",
    doc="The statistics that the leaderboard is made from, with the shard that each came from.",
    columns=(
        shared.SHARD,
        Column("fingerprint", pa.string(), "Of the shard: which of its versions is folded.", repeats=True),
        *STATS.columns,
    ),
    key=STATS.key,
)
