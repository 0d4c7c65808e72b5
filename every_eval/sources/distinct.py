"""Find the distinct values of a table's columns, and where each of them occurs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.statistics.composite_keys import compose
from every_eval.statistics.groups import IntArray


def distinct(rows: pa.Table, names: Sequence[str]) -> tuple[IntArray, list[tuple[Any, ...]]]:
    """Return for each row the position of its values of some columns in a list of the distinct ones, and the list."""
    codes, sizes = zip(*(_encode(rows[name]) for name in names), strict=True)
    _, first, position = np.unique(compose(codes, sizes), return_index=True, return_inverse=True)
    columns = (rows[name].take(pa.array(first)).to_pylist() for name in names)
    return position, list(zip(*columns, strict=True))


def to_list(column: pa.ChunkedArray) -> list[Any]:
    """Return the values as Python objects; equal texts of a dictionary column are one object."""
    if not pa.types.is_dictionary(column.type):
        return [*column.to_pylist()]
    coded = column.unify_dictionaries().combine_chunks()
    texts = [*coded.dictionary.to_pylist(), None]
    return [texts[code] for code in pc.fill_null(coded.indices, len(texts) - 1).to_pylist()]


def to_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows with their values by column, as `to_list` returns the values."""
    columns = [to_list(table[name]) for name in table.column_names]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def _encode(column: pa.ChunkedArray) -> tuple[IntArray, int]:
    """Return a number for each value, and the number of possible numbers; null counts as a value."""
    encoded = column.unify_dictionaries().combine_chunks()
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    n_values = len(encoded.dictionary)
    return pc.fill_null(encoded.indices.cast(pa.int64()), n_values).to_numpy(), n_values + 1
