"""history: the leaderboard of every release, by today's rules."""

import pyarrow as pa

from every_eval.contracts.comprehensive_stats import CLOCK
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.table import Column, Table

_PLACE = 3
"""Number of columns at the leaderboard's beginning that say of which release a row is."""
_CLOCK = frozenset(column.name for column in CLOCK)
_BOARD = tuple(column for column in LEADERBOARD.columns if column.name not in _CLOCK)

HISTORY = Table(
    name="history",
    doc=(
        "One row per benchmark, release, model and deployment: the leaderboard of every release, computed by today's "
        "rules from the runs that the release shows. The rows of the newest release are those of the leaderboard. A "
        "release whose schema is not published, as before HELM 0.4.0, has no main table and no rows."
    ),
    columns=(
        *_BOARD[:_PLACE],
        Column(
            "release_number",
            pa.int32(),
            "Position of the release among the releases of the benchmark, from 1.",
            minimum=1,
        ),
        Column("is_newest", pa.bool_(), "True for the release that the leaderboard shows."),
        Column("date", pa.string(), "Date of the release, as YYYY-MM-DD.", "the source states no date", repeats=True),
        Column("n_runs", pa.int64(), "Number of runs that the release shows.", minimum=0),
        Column(
            "n_runs_missing",
            pa.int64(),
            "Number of these runs without statistics, because they are not ingested or could not be read. The scores "
            "are over the other runs.",
            minimum=0,
        ),
        *_BOARD[_PLACE:],
    ),
    key=LEADERBOARD.key,
)
