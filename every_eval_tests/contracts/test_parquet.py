from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from every_eval.contracts import parquet
from every_eval.contracts.file_layout import COMPACT
from every_eval.contracts.parquet import TableWriter, read_table, write_table
from every_eval.contracts.table import Column, Table
from every_eval.errors import ContractViolation

NUMBERS = Table(
    name="numbers",
    doc="One row per number.",
    columns=(
        Column("number", pa.int64(), "Number."),
        Column("parity", pa.string(), "Even or odd.", repeats=True),
        Column("tags", pa.list_(pa.field("element", pa.string(), nullable=False)), "Tags.", repeats=True),
        Column("half", pa.float64(), "Half of it.", null_when="odd"),
    ),
    key=("number",),
    rows_per_group=10,
)


def _numbers(first: int, last: int) -> pa.Table:
    rows = [
        {"number": n, "parity": "odd" if n % 2 else "even", "tags": ["x"], "half": None if n % 2 else n / 2}
        for n in range(first, last)
    ]
    return pa.Table.from_pylist(rows, NUMBERS.schema)


def _write(path: Path, cuts: Sequence[int]) -> bytes:
    with TableWriter(NUMBERS, path) as writer:
        for first, last in pairwise(cuts):
            writer.write(_numbers(first, last))
    assert writer.n_rows == cuts[-1]
    return path.read_bytes()


@pytest.mark.parametrize("cuts", [[0, 35], [0, 1, 2, 35], [0, 10, 20, 30, 35], [0, 0, 29, 29, 35, 35]])
def test_the_same_rows_give_the_same_bytes_however_they_were_cut(tmp_path: Path, cuts: list[int]) -> None:
    assert _write(tmp_path / "a", cuts) == _write(tmp_path / "b", [0, 35])


@pytest.mark.parametrize(("n_rows", "groups"), [(35, [10, 10, 10, 5]), (20, [10, 10]), (3, [3]), (0, [])])
def test_row_groups_have_the_size_of_the_contract(tmp_path: Path, n_rows: int, groups: list[int]) -> None:
    _write(tmp_path / "a", [0, n_rows])
    metadata = pq.read_metadata(tmp_path / "a")

    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == groups
    assert read_table(NUMBERS, [tmp_path / "a"]).equals(_numbers(0, n_rows))


def test_a_writer_that_was_given_nothing_leaves_an_empty_table(tmp_path: Path) -> None:
    with TableWriter(NUMBERS, tmp_path / "a"):
        pass

    assert read_table(NUMBERS, [tmp_path / "a"]).equals(NUMBERS.schema.empty_table())


def test_values_that_repeat_are_stored_once(tmp_path: Path) -> None:
    _write(tmp_path / "a", [0, 10])
    group = pq.read_metadata(tmp_path / "a").row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]

    has_dictionary = {column.path_in_schema: "RLE_DICTIONARY" in column.encodings for column in columns}
    assert has_dictionary == {"number": False, "parity": True, "tags.list.element": True, "half": False}
    assert {column.compression for column in columns} == {"ZSTD"}


def test_a_file_says_what_it_holds(tmp_path: Path) -> None:
    write_table(NUMBERS, tmp_path / "a", _numbers(0, 3), {"commit": "abc"})
    schema = pq.read_schema(tmp_path / "a")

    assert schema.metadata[b"doc"] == b"One row per number."
    assert pq.read_metadata(tmp_path / "a").metadata[b"commit"] == b"abc"
    assert schema.field("half").metadata[b"null_when"] == b"odd"


def test_a_compact_file_holds_the_same_rows_without_documentation(tmp_path: Path) -> None:
    half = Column("half", pa.float64(), "Half of it.", null_when="odd", is_split_by_byte=True)
    compact = replace(NUMBERS, columns=(*NUMBERS.columns[:-1], half), layout=COMPACT)
    write_table(compact, tmp_path / "compact", _numbers(0, 10))
    write_table(NUMBERS, tmp_path / "ordinary", _numbers(0, 10))
    column = pq.read_metadata(tmp_path / "compact").row_group(0).column(3)

    assert read_table(compact, [tmp_path / "compact"]).equals(_numbers(0, 10))
    assert pq.read_table(tmp_path / "compact").equals(_numbers(0, 10))
    assert pq.read_metadata(tmp_path / "compact").metadata == {b"table": b"numbers"}
    assert "BYTE_STREAM_SPLIT" in column.encodings
    assert not column.is_stats_set
    assert (tmp_path / "compact").stat().st_size < (tmp_path / "ordinary").stat().st_size


def test_a_page_of_a_compact_file_repeats_nothing_over_many_rows(tmp_path: Path) -> None:
    texts = [sha256(bytes([n % 256])).hexdigest() for n in range(1 << 17)]
    table = Table("texts", "Texts.", (Column("text", pa.string(), "Text."),), (), 1 << 20, COMPACT)
    path = write_table(table, tmp_path / "a", pa.table({"text": texts}, schema=table.schema))

    # 256 digests have 32 bytes each; the other 512 times that they occur are one page that refers to them.
    assert path.stat().st_size < 2 * 256 * 32


def test_rows_that_break_the_contract_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ContractViolation, match="repeat a key"):
        write_table(NUMBERS, tmp_path / "a", pa.concat_tables([_numbers(0, 2), _numbers(1, 3)]))


def test_files_are_read_in_the_order_given_and_filtered(tmp_path: Path) -> None:
    paths = [
        write_table(NUMBERS, tmp_path / name, rows) for name, rows in (("b", _numbers(5, 7)), ("a", _numbers(0, 2)))
    ]

    assert read_table(NUMBERS, paths)["number"].to_pylist() == [5, 6, 0, 1]
    assert read_table(NUMBERS, paths, filters=pc.field("parity") == "odd")["number"].to_pylist() == [5, 1]
    assert read_table(NUMBERS, []).equals(NUMBERS.schema.empty_table())


def test_a_column_that_an_older_file_lacks_is_null(tmp_path: Path) -> None:
    pq.write_table(_numbers(0, 2).drop_columns(["half"]), tmp_path / "a")

    assert read_table(NUMBERS, [tmp_path / "a"])["half"].to_pylist() == [None, None]


def test_a_column_that_no_contract_knows_any_more_is_left_out(tmp_path: Path) -> None:
    pq.write_table(_numbers(0, 2).append_column("gone", pa.array([1, 2])), tmp_path / "a")

    assert read_table(NUMBERS, [tmp_path / "a"]).equals(_numbers(0, 2))


@pytest.mark.parametrize(
    ("column", "values"), [("number", ["one", "two"]), ("parity", [None, "odd"]), ("half", [[1.0], [2.0]])]
)
def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path, column: str, values: list[object]) -> None:
    table = _numbers(0, 2)
    pq.write_table(table.set_column(table.schema.names.index(column), column, pa.array(values)), tmp_path / "a.parquet")

    with pytest.raises(ContractViolation, match=r"a\.parquet"):
        read_table(NUMBERS, [tmp_path / "a.parquet"])


def test_a_file_that_lacks_a_column_which_is_never_null_is_refused(tmp_path: Path) -> None:
    pq.write_table(_numbers(0, 2).drop_columns(["parity"]), tmp_path / "a.parquet")

    with pytest.raises(ContractViolation, match=r"a\.parquet has no column parity"):
        read_table(NUMBERS, [tmp_path / "a.parquet"])


TEXTS = Table(
    name="texts",
    doc="One row per text.",
    columns=(
        Column("number", pa.int64(), "Number."),
        Column("text", pa.string(), "A text.", null_when="it has none"),
        Column("kind", pa.string(), "Kind, which repeats and counts for nothing.", repeats=True),
    ),
    key=("number",),
)


def _texts(sizes: Sequence[int | None], first: int = 0) -> pa.Table:
    rows = [
        {"number": first + n, "text": None if size is None else "x" * size, "kind": "k" * 1000}
        for n, size in enumerate(sizes)
    ]
    return pa.Table.from_pylist(rows, TEXTS.schema)


@pytest.mark.parametrize("n_pieces", [1, 2, 5])
def test_a_row_group_ends_with_the_row_that_fills_it_with_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_pieces: int
) -> None:
    monkeypatch.setattr(parquet, "TEXT_BYTES", 100)
    sizes = [60, None, 40, 10, 250, 5, 5, 90, 99, 1]  # full at 60 + 40, 10 + 250, 5 + 5 + 90, 99 + 1
    step = -(-len(sizes) // n_pieces)
    with TableWriter(TEXTS, tmp_path / "a") as writer:
        for first in range(0, len(sizes), step):
            writer.write(_texts(sizes[first : first + step], first))
    metadata = pq.read_metadata(tmp_path / "a")

    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [3, 2, 3, 2]
    assert read_table(TEXTS, [tmp_path / "a"]).equals(_texts(sizes))


def test_codes_of_a_dictionary_are_written_as_what_they_stand_for(tmp_path: Path) -> None:
    plain = _numbers(0, 25)
    parity = pa.DictionaryArray.from_arrays(
        pa.array([1 if n % 2 else 2 for n in range(25)], pa.int32()), pa.array(["unused", "odd", "even"])
    )
    coded = plain.set_column(1, "parity", parity).cast(
        pa.schema([field.with_type(parity.type) if field.name == "parity" else field for field in plain.schema])
    )
    for name, rows in (("plain", plain), ("coded", coded)):
        write_table(NUMBERS, tmp_path / name, rows)

    assert (tmp_path / "plain").read_bytes() == (tmp_path / "coded").read_bytes()
    assert read_table(NUMBERS, [tmp_path / "coded"]).equals(plain)
