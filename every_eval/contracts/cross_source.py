"""cross_source: models that several sources evaluated, with the results of all sources side by side."""

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
"""A row in one source's leaderboard of one benchmark, with its rank among the `n_ranked` rows that have a rank."""

CROSS_SOURCE = Table(
    name="cross_source",
    doc=(
        "One row per model that leaderboards of at least two sources name. Two names are the same model if the names "
        "creator/name are equal in lower case. Other names are left out: a name without a creator, with a revision (@) "
        "or with an adapter (+) cannot be matched with certainty. Results of different sources are shown side by side "
        "and never averaged, because the sources do not measure the same thing."
    ),
    columns=(
        Column("model_id", pa.string(), "Identifier of the model: the sources' name creator/name in lower case."),
        Column(
            "match_rule",
            pa.string(),
            f"Rule that matched the sources' names: {SAME_NAME}, if all names are identical; {SAME_BUT_FOR_CASE}, if "
            "the names differ in upper and lower case only.",
            repeats=True,
        ),
        Column("n_sources", pa.int32(), "Number of sources whose leaderboards name the model.", minimum=2),
        Column(
            "standings",
            pa.list_(pa.field("element", SOURCE_STANDING, nullable=False)),
            "Rows of the model in the leaderboards of each source, ordered by source, benchmark, name and deployment. "
            "To read in DuckDB: unnest(standings, recursive := true); in pandas: explode, then json_normalize.",
        ),
    ),
    key=("model_id",),
)
