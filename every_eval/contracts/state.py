"""state: statistics and item scores that the scores are made from, each with the shard that it comes from."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
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
    layout=ITEM_SCORES.layout,
)
