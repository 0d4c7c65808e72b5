import numpy as np
import pyarrow as pa

from every_eval.sources.distinct import distinct, to_list


def test_each_row_has_the_position_of_its_values() -> None:
    rows = pa.table({"a": ["x", "y", "x", None], "b": [1, 1, 1, None], "c": [True, True, False, True]})
    position, values = distinct(rows, ["a", "b"])

    assert [values[at] for at in position] == [("x", 1), ("y", 1), ("x", 1), (None, None)]
    assert len(values) == 3


def test_equal_texts_of_several_dictionaries_are_one_value() -> None:
    parts = [pa.chunked_array([pa.array(texts).dictionary_encode()]) for texts in (["x", "y"], ["y", None, "z"])]
    column = pa.chunked_array([chunk for part in parts for chunk in part.chunks])
    position, values = distinct(pa.table({"a": column}), ["a"])

    assert [values[at] for at in position] == [("x",), ("y",), ("y",), (None,), ("z",)]
    assert to_list(column) == ["x", "y", "y", None, "z"]


def test_more_combinations_than_64_bits_hold_are_kept_apart() -> None:
    # Nine columns of 300 values: 301 to the power of 9 is above 2 to the power of 64
    numbers = np.arange(300)
    rows = pa.table({str(at): np.roll(numbers, at) for at in range(9)})
    position, values = distinct(rows, rows.column_names)

    assert [values[at] for at in position] == list(
        zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True)
    )


def test_no_rows_have_no_values() -> None:
    position, values = distinct(pa.table({"a": pa.array([], pa.string())}), ["a"])

    assert (position.tolist(), values) == ([], [])


def test_values_are_python_objects_and_equal_texts_are_one_object() -> None:
    texts = pa.chunked_array([pa.array(["long text", None, "long text"]).dictionary_encode()])
    first, missing, third = to_list(texts)

    assert (first, missing) == ("long text", None)
    assert first is third
    assert to_list(pa.chunked_array([[1.5, None]])) == [1.5, None]
