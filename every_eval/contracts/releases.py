"""releases: a benchmark's releases, with the runs they show and the tables that their authors published."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
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
    doc="One row per release, oldest first, and one row per suite that its authors summarised without a release.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        Column("release", pa.string(), "Name of the release, or of the suite if there is no release."),
        Column(
            "is_release", pa.bool_(), "True for a release, false for a suite that was summarised without a release."
        ),
        Column("is_newest", pa.bool_(), "True for the release that the leaderboard shows: one row per benchmark."),
        Column(
            "date",
            pa.string(),
            "Date on which the release was summarised, as YYYY-MM-DD.",
            null_when="the source states no date, or it is a suite without a release",
        ),
        Column("suites", shared.TEXTS, "Suites of the release, the latest last."),
        Column(
            "runs",
            SHOWN_RUNS,
            "Runs that the release shows: each name once, in the latest suite that has a run of the name.",
        ),
        Column(
            "pooled_runs",
            SHOWN_RUNS,
            "Runs that the published tables are made from, including runs that a later suite of the release repeats.",
        ),
        Column(
            "schema_json",
            pa.large_string(),
            "Schema of the release as JSON: for helm, HELM's schema.json; for others, a schema that we generate.",
            "the release has no schema",
        ),
        Column(
            "problems",
            shared.TEXTS,
            "What the release's schema.json refers to and does not define, such as a variable of a run group: the "
            "columns of tables that need it are blank.",
            null_when="nothing is undefined, or the release has no schema",
        ),
        Column("cells", pa.list_(PUBLISHED_CELL), "Cells of the published group tables, in their order."),
    ),
    key=("source", "benchmark", "release", "is_release"),
    rows_per_group=16,
)
