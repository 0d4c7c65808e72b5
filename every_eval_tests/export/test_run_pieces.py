from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem

from every_eval.contracts.table import Column, Table
from every_eval.export import run_pieces
from every_eval.export.run_pieces import RunKey, RunPieces

TABLE = Table(
    "numbers",
    "Numbers of runs.",
    (
        Column("suite", pa.string(), "Suite."),
        Column("run", pa.string(), "Run."),
        Column("number", pa.int64(), "Number."),
        Column("newer", pa.string(), "Column that older files lack.", null_when="the file is older"),
    ),
    key=(),
)


def write(path: Path, runs: Sequence[tuple[str, str, int]]) -> RunPieces:
    rows = [{"suite": suite, "run": run, "number": number} for suite, run, n in runs for number in range(n)]
    pq.write_table(pa.Table.from_pylist(rows, schema=TABLE.schema.remove(3)), path, row_group_size=3)
    return RunPieces(TABLE, LocalFileSystem(), str(path), TABLE.schema.names)


def sizes(pieces: RunPieces) -> list[tuple[RunKey, int]]:
    return [(key, rows.num_rows) for key, rows in pieces]


@pytest.mark.parametrize("piece_rows", [1, 2, 5, 100])
def test_a_run_comes_whole_wherever_pieces_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_rows: int
) -> None:
    monkeypatch.setattr(run_pieces, "PIECE_ROWS", piece_rows)
    pieces = write(tmp_path / "file", [("v1", "a", 4), ("v1", "b", 1), ("v2", "a", 7)])
    found = list(pieces)
    assert [(key, rows["number"].to_pylist()) for key, rows in found] == [
        (("v1", "a"), [0, 1, 2, 3]),
        (("v1", "b"), [0]),
        (("v2", "a"), [0, 1, 2, 3, 4, 5, 6]),
    ]
    assert found[0][1]["newer"].to_pylist() == [None] * 4


def test_runs_are_taken_in_their_order_and_one_without_rows_is_empty(tmp_path: Path) -> None:
    pieces = write(tmp_path / "file", [("v1", "a", 2), ("v1", "c", 1)])
    assert pieces.take(("v1", "a")).num_rows == 2
    assert pieces.take(("v1", "b")).num_rows == 0
    assert pieces.next_key == ("v1", "c")
    assert pieces.take(("v1", "c")).num_rows == 1
    assert pieces.next_key is None
    assert pieces.take(("v1", "d")).num_rows == 0


def test_a_file_without_rows_has_no_runs(tmp_path: Path) -> None:
    assert sizes(write(tmp_path / "file", [])) == []
