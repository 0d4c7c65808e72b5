"""releases: a benchmark's releases, the runs they show and the tables that their authors published."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.helm_tables import PUBLISHED_CELL
from every_eval.contracts.table import Column, Table

SHOWN_RUNS = pa.list_(
    pa.field(
        "element",
        pa.struct([pa.field("suite", pa.string(), nullable=False), pa.field("run", pa.string(), nullable=False)]),
        nullable=False,
    )
)

RELEASES = Table(
    name="releases",
    doc="One row per release, oldest first, and per suite that was summarised by itself.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        Column("release", pa.string(), "Name of the release, or of the suite summarised by itself."),
        Column("is_release", pa.bool_(), "False for a suite that was summarised by itself."),
        Column("is_newest", pa.bool_(), "Whether it is what the leaderboard shows: true in one row."),
        Column("suites", shared.TEXTS, "Suites of the release, the latest last."),
        Column("runs", SHOWN_RUNS, "Runs that the release shows: each name once, in the latest suite that has it."),
        Column(
            "pooled_runs",
            SHOWN_RUNS,
            "Runs that its published tables are made from: also those that a later suite of the release has again.",
        ),
        Column("schema_json", pa.large_string(), "Its schema: HELM's schema.json, else one of ours.", "it has none"),
        Column("cells", pa.list_(PUBLISHED_CELL), "Every cell of the published group tables, in order."),
    ),
    key=("source", "benchmark", "release", "is_release"),
    rows_per_group=16,
)
