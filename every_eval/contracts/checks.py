"""checks: what the checks of each release's scores found, so that a fault is known as long as it is published."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

CHECKS = Table(
    name="checks",
    doc=(
        "One row per check of a release's scores. Validation is of the newest release of each benchmark. The check "
        "published_cells compares our values with the values that the source publishes in tables of its own; for a "
        "release that is not the newest, the row says what was found when the release was last recomputed. The check "
        "left_out names the runs that could not be scored, or says why the rows of a benchmark stay as they were "
        "published before; left_out_tables says why tables of a release are missing."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.optional(shared.RELEASE, "the check is of the whole benchmark"),
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
        Column(
            "inputs",
            pa.string(),
            "Digest of the statistics and releases of which something could not be scored. Until the digest changes, "
            "the same version of every_eval does not try again.",
            null_when="nothing was left out",
        ),
        Column(
            "program_version",
            pa.string(),
            "Version of every_eval that could not score them; another version tries again.",
            null_when="nothing was left out",
        ),
    ),
    key=("source", "benchmark", "release", "check"),
)
