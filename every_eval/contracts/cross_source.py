"""cross_source: models that several sources measured, what each found beside the others."""

import pyarrow as pa

from every_eval.contracts.leaderboard import PLACE_AND_SCORES
from every_eval.contracts.table import Column, Table

SAME_NAME = "same_name"
SAME_BUT_FOR_CASE = "same_but_for_case"

SOURCE_STANDING = pa.struct(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("benchmark", pa.string(), nullable=False),
        pa.field("release", pa.string(), nullable=False),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("model_deployment", pa.string()),
        *PLACE_AND_SCORES,
    ]
)
"""A row of one source's leaderboard of one benchmark: its place among the `n_ranked` rows that have one."""

CROSS_SOURCE = Table(
    name="cross_source",
    doc=(
        "One row per model that leaderboards of two or more sources name. A model's id is its creator/name in lower "
        "case, and that alone matches: a name without a creator, or one with a revision (@) or an adapter (+), is of "
        "no model that another source is known to have measured, and is left out. What the sources found stands side "
        "by side and is never put together, since they do not measure the same."
    ),
    columns=(
        Column("model_id", pa.string(), "What the sources' names of the model are in lower case: creator/name."),
        Column(
            "match_rule",
            pa.string(),
            f"Why it is one model: {SAME_NAME}, all names are the same letter by letter; {SAME_BUT_FOR_CASE}, they "
            "differ in capitals alone.",
            repeats=True,
        ),
        Column("n_sources", pa.int32(), "Sources whose leaderboards name the model.", minimum=2),
        Column(
            "standings",
            pa.list_(pa.field("element", SOURCE_STANDING, nullable=False)),
            "The model's rows of each source's leaderboard, by source, benchmark, name and deployment. DuckDB: "
            "unnest(standings, recursive := true); pandas: explode, then json_normalize.",
        ),
    ),
    key=("model_id",),
)
