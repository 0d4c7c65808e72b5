"""checks: what the checks of each release's scores found, so that a fault is known as long as it is published."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

CHECKS = Table(
    name="checks",
    doc=(
        "One row per check of a release's scores. Validation is of the newest release of each benchmark. The check "
        "published_cells compares our values with the values that the source publishes in tables of its own; for a "
        "release that is not the newest, the row says what was found when the release was last recomputed."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        Column("check", pa.string(), "Name of the check.", repeats=True),
        Column(
            "n_compared",
            pa.int64(),
            "Number of things that were compared: rows, runs, models or cells. A check that compared nothing says "
            "nothing.",
            minimum=0,
        ),
        Column("n_problems", pa.int64(), "Number of problems that were found.", minimum=0),
        Column("problems", shared.TEXTS, "The first problems, each with its place."),
        Column("is_blocking", pa.bool_(), "True if a problem stops publication."),
    ),
    key=("source", "benchmark", "release", "check"),
)
