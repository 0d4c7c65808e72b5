"""state: statistics and item scores that the scores are made from, each with the shard that it comes from."""

from dataclasses import replace

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.file_layout import ORDINARY
from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Column, Table

ORIGIN = (
    shared.SHARD,
    Column(
        "fingerprint",
        pa.string(),
        "Fingerprint of the shard's inputs, which tells the version of the shard that the row comes from.",
        repeats=True,
    ),
)
"""Columns that say which version of which shard a row comes from."""

STATE = Table(
    name="state",
    doc="One row per statistic that the scores are made from, with the shard that the statistic comes from.",
    columns=(*ORIGIN, *STATS.columns),
    key=STATS.key,
)

STATE_ITEM_SCORES = Table(
    name="state_item_scores",
    doc="One row per item score that comparisons are made from, with the shard that the item score comes from.",
    columns=(*ORIGIN, *ITEM_SCORES.columns),
    key=ITEM_SCORES.key,
    rows_per_group=1 << 18,
    # A new shard changes a file of many shards, which the daily job writes anew. Level 19 takes 30 times as long as
    # level 3, for files that are smaller by a twentieth.
    layout=replace(ITEM_SCORES.layout, compression_level=ORDINARY.compression_level),
)
