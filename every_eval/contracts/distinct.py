"""What occurs in columns of many rows, and where."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

IntArray = npt.NDArray[np.int64]


def distinct(rows: pa.Table, names: Sequence[str]) -> tuple[IntArray, list[tuple[Any, ...]]]:
    """The values that occur together in some columns, and for each row the position of its own among them."""
    merged, n_merged = np.zeros(rows.num_rows, np.int64), 1
    for name in names:
        codes, n_codes = _encode(rows[name])
        if n_merged * n_codes > np.iinfo(np.int64).max:
            known, merged = np.unique(merged, return_inverse=True)
            n_merged = len(known)
        merged, n_merged = merged * n_codes + codes, n_merged * n_codes
    _, first, position = np.unique(merged, return_index=True, return_inverse=True)
    columns = (rows[name].take(pa.array(first)).to_pylist() for name in names)
    return position, list(zip(*columns, strict=True))


def to_list(column: pa.ChunkedArray) -> list[Any]:
    """The values as Python has them; a text that is coded is one object, however often it occurs."""
    if not pa.types.is_dictionary(column.type):
        return [*column.to_pylist()]
    coded = column.unify_dictionaries().combine_chunks()
    texts = [*coded.dictionary.to_pylist(), None]
    return [texts[code] for code in pc.fill_null(coded.indices, len(texts) - 1).to_pylist()]


def _encode(column: pa.ChunkedArray) -> tuple[IntArray, int]:
    """A number for each value, and how many numbers there may be; null is a value like any."""
    encoded = column.unify_dictionaries().combine_chunks()
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    n_values = len(encoded.dictionary)
    return pc.fill_null(encoded.indices.cast(pa.int64()), n_values).to_numpy(), n_values + 1
