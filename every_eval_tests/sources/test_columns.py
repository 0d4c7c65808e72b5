from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.table import Column, Table
from every_eval.sources.columns import build_table, dictionary_array, float_column, only_finite, without_nan

MARKS = Table(
    name="marks",
    doc="One row per mark.",
    columns=(
        Column("pupil", pa.string(), "Pupil."),
        Column("mark", pa.float64(), "Mark.", null_when="absent"),
        Column("school", pa.string(), "School.", null_when="not stated", repeats=True),
        Column("year", pa.int32(), "Year."),
        Column("tags", pa.list_(pa.field("element", pa.string(), nullable=False)), "Tags."),
    ),
    key=("pupil",),
)


def test_columns_that_are_not_given_repeat_what_the_rows_share() -> None:
    shared = {"school": "s", "year": 2026, "tags": ["a", "b"], "unused": 1}
    table = build_table(MARKS, 2, {"pupil": ["x", "y"], "mark": [1, None]}, shared)

    MARKS.validate(table)
    assert MARKS.decode(table).to_pylist() == [
        {"pupil": "x", "mark": 1.0, "school": "s", "year": 2026, "tags": ["a", "b"]},
        {"pupil": "y", "mark": None, "school": "s", "year": 2026, "tags": ["a", "b"]},
    ]


def test_a_text_that_is_shared_and_unknown_is_null() -> None:
    table = build_table(MARKS, 1, {"pupil": ["x"], "mark": [None]}, {"school": None, "year": 1, "tags": []})

    MARKS.validate(table)
    assert MARKS.decode(table)["school"].to_pylist() == [None]


def test_arrays_take_the_contracts_type_and_codes_stay_codes() -> None:
    columns = {
        "pupil": dictionary_array(np.array([1, 0]), ["x", "y"]),
        "mark": pa.array([1, 2], pa.int64()),
        "year": pa.array([1, 2], pa.int64()),
    }
    table = build_table(MARKS, 2, columns, {"school": "s", "tags": []})

    MARKS.validate(table)
    assert pa.types.is_dictionary(table.schema.field("pupil").type)
    assert MARKS.decode(table).select(["pupil", "mark", "year"]).to_pydict() == {
        "pupil": ["y", "x"],
        "mark": [1.0, 2.0],
        "year": [1, 2],
    }


def test_no_rows_make_an_empty_table() -> None:
    assert build_table(MARKS, 0, {}, {}).equals(MARKS.schema.empty_table())


def test_a_column_that_nobody_gives_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="mark"):
        build_table(MARKS, 1, {"pupil": ["x"]}, {"school": "s", "year": 1, "tags": []})


@pytest.mark.parametrize("values", list(product([None, "a", "b"], repeat=3)), ids=repr)
def test_codes_stand_for_their_values_wherever_null_is_among_them(values: tuple[str | None, ...]) -> None:
    codes = np.array([2, 0, 1, 1, 0, 2])
    array = dictionary_array(codes, values)

    assert array.to_pylist() == [values[code] for code in codes]
    assert len(set(array.dictionary.to_pylist())) == len(array.dictionary)


def test_no_codes_are_no_values() -> None:
    assert dictionary_array(np.zeros(0, np.int64), []).to_pylist() == []


def test_numbers_that_a_column_cannot_state_are_null() -> None:
    numbers = np.array([0.5, np.nan, np.inf])
    assert without_nan(numbers).to_pylist() == [0.5, None, np.inf]
    assert only_finite(numbers).to_pylist() == [0.5, None, None]
    column = float_column(pa.table({"mark": pa.chunked_array([[1], [None]], pa.int64())}), "mark")
    assert column.dtype == np.float64 and column[0] == 1 and np.isnan(column[1])
