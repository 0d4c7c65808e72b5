from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.scanning import scan_table
from every_eval.contracts.table import Column, Table
from every_eval.errors import ContractViolation

NUMBERS = Table(
    name="numbers",
    doc="Numbers.",
    columns=(
        Column("number", pa.int64(), "The number."),
        Column("word", pa.string(), "Its name.", repeats=True),
        Column("half", pa.float64(), "Half of it.", null_when="it is odd"),
    ),
    key=("number",),
)
N_ROWS = 25


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twenty-five numbers in row groups of ten."""
    numbers = list(range(N_ROWS))
    rows = {"number": numbers, "word": [f"w{one % 3}" for one in numbers], "half": [one / 2 for one in numbers]}
    pq.write_table(pa.table(rows, schema=NUMBERS.schema), tmp_path / "file", row_group_size=10)
    return tmp_path / "file"


@pytest.mark.parametrize(
    ("start", "stop"), [(0, None), (0, 0), (3, 7), (9, 11), (10, 20), (19, 25), (24, None), (25, None)]
)
@pytest.mark.parametrize("n_rows", [1, 4, 100])
def test_the_rows_of_a_range_come_in_order_whatever_the_pieces(
    file: Path, start: int, stop: int | None, n_rows: int
) -> None:
    pieces = list(scan_table(NUMBERS, file, ["number"], start, stop, n_rows))

    assert [number for piece in pieces for number in piece["number"].to_pylist()] == list(range(N_ROWS))[start:stop]
    assert all(0 < piece.num_rows <= n_rows for piece in pieces)


def test_texts_are_codes_and_columns_those_named_in_the_contracts_order(file: Path) -> None:
    piece = pa.concat_tables(scan_table(NUMBERS, file, {"half", "word"}))

    assert piece.schema.names == ["word", "half"]
    assert pa.types.is_dictionary(piece.schema.field("word").type)
    assert piece["word"].to_pylist()[:4] == ["w0", "w1", "w2", "w0"]


def test_a_column_that_a_file_lacks_is_null_if_it_may_be(tmp_path: Path) -> None:
    pq.write_table(pa.table({"number": [1, 2]}), tmp_path / "old")

    [piece] = scan_table(NUMBERS, tmp_path / "old", ["number", "half"])
    assert piece["half"].to_pylist() == [None, None]
    with pytest.raises(ContractViolation, match="old has no column word, which numbers needs"):
        list(scan_table(NUMBERS, tmp_path / "old", ["word"]))


def test_a_file_without_rows_has_no_pieces(tmp_path: Path) -> None:
    pq.write_table(NUMBERS.schema.empty_table(), tmp_path / "empty")

    assert list(scan_table(NUMBERS, tmp_path / "empty", ["number"])) == []
