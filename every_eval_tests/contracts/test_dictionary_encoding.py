from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.dictionary_encoding import (
    CODES,
    encode,
    encoded_schema,
    file_metadata,
    sort_dictionaries,
)
from every_eval.contracts.table import Column, Table

FRUIT = Table(
    name="fruit",
    doc="One row per fruit.",
    columns=(
        Column("number", pa.int64(), "Number."),
        Column("kind", pa.string(), "Kind.", null_when="it is unknown", repeats=True),
        Column("label", pa.string(), "Label."),
        Column("years", pa.int64(), "Years.", repeats=True),
    ),
    key=("number",),
)
SCHEMA = encoded_schema(FRUIT)
KINDS = ["pear", None, "apple", "pear", "fig", None]


def _fruit(kinds: pa.Array) -> pa.Table:
    numbers = range(len(kinds))
    return pa.table(
        {
            "number": pa.array(numbers, pa.int64()),
            "kind": kinds,
            "label": pa.array([f"no. {number}" for number in numbers]).dictionary_encode(),
            "years": pa.array(numbers, pa.int64()),
        }
    )


def _codes(texts: list[str | None], dictionary: list[str]) -> pa.DictionaryArray:
    codes = [None if text is None else dictionary.index(text) for text in texts]
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(dictionary))


def test_only_texts_that_repeat_become_codes() -> None:
    assert SCHEMA.types == [pa.int64(), CODES, pa.string(), pa.int64()]
    assert SCHEMA.metadata == FRUIT.schema.metadata
    assert encode(SCHEMA, _fruit(pa.array(KINDS))).schema.equals(SCHEMA, check_metadata=True)


@pytest.mark.parametrize(
    "kinds",
    [pa.array(KINDS), _codes(KINDS, ["pear", "apple", "fig"]), _codes(KINDS, ["plum", "fig", "apple", "kiwi", "pear"])],
)
@pytest.mark.parametrize("cut", [0, 1, 4])
def test_equal_rows_have_equal_codes_whatever_they_had_before(kinds: pa.Array, cut: int) -> None:
    parts = [_fruit(kinds), _fruit(kinds)]
    rows = pa.concat_tables([encode(SCHEMA, parts[0].slice(0, cut)), encode(SCHEMA, parts[1].slice(cut))])

    column = sort_dictionaries(rows)["kind"].chunk(0)
    assert column.dictionary.to_pylist() == ["apple", "fig", "pear"]
    assert column.indices.to_pylist() == [2, None, 0, 2, 1, None]


@pytest.mark.parametrize(("texts", "dictionary"), [([None, None], []), (["fig", "fig"], ["fig"])])
def test_what_is_constant_has_no_text_that_does_not_occur(texts: list[str | None], dictionary: list[str]) -> None:
    column = sort_dictionaries(encode(SCHEMA, _fruit(_codes(texts, dictionary or ["fig"]))))["kind"].chunk(0)

    assert (column.to_pylist(), column.dictionary.to_pylist()) == (texts, dictionary)


def test_a_file_of_codes_is_read_as_texts_with_all_that_the_contract_says(tmp_path: Path) -> None:
    rows = sort_dictionaries(encode(SCHEMA, _fruit(pa.array(KINDS))))
    with pq.ParquetWriter(tmp_path / "a", rows.schema, store_schema=False) as writer:
        writer.write_table(rows)
        writer.add_key_value_metadata(file_metadata(FRUIT))
    read = pq.read_table(tmp_path / "a")

    assert read.schema.equals(FRUIT.schema, check_metadata=True)
    assert read["kind"].to_pylist() == KINDS
    assert pq.read_metadata(tmp_path / "a").metadata[b"doc"] == b"One row per fruit."
