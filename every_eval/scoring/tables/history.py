"""Rows of history: a release's leaderboard, with what tells the releases of a benchmark apart."""

import pyarrow as pa

from every_eval.contracts.history import HISTORY


def history(
    board: pa.Table, *, number: int, is_newest: bool, date: str | None, n_runs: int, n_runs_missing: int
) -> pa.Table:
    """Return rows of the contract `history`.

    Args:
        board: Rows of the contract `leaderboard` of one release.
        number: Position of the release among the releases of its benchmark, from 1.
        is_newest: Whether the leaderboard shows the release.
        date: Date of the release; null if the source states none.
        n_runs: Number of runs that the release shows.
        n_runs_missing: Number of these runs without statistics.
    """
    of_release = {
        "release_number": number,
        "is_newest": is_newest,
        "date": date,
        "n_runs": n_runs,
        "n_runs_missing": n_runs_missing,
    }
    columns = [
        pa.repeat(pa.scalar(of_release[field.name], field.type), len(board))
        if field.name in of_release
        else board[field.name]
        for field in HISTORY.schema
    ]
    return pa.table(columns, schema=HISTORY.schema)
