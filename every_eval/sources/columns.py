"""Build Arrow tables of a contract from columns of values and from values that all rows share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from every_eval.contracts.dictionary_encoding import CODES
from every_eval.contracts.table import Table
from every_eval.statistics.groups import FloatArray


def build_table(
    contract: Table, n_rows: int, columns: Mapping[str, pa.Array | Sequence[Any]], shared: Mapping[str, Any]
) -> pa.Table:
    """Return rows of `contract`: each column from `columns`, or one value from `shared` in every row.

    Shared texts are dictionary-encoded; `Table.decode` makes them plain.

    Raises:
        KeyError: A column of the contract is in neither mapping.
    """
    if n_rows == 0:
        return contract.schema.empty_table()
    arrays = [
        _array(columns[column.name], column.type)
        if column.name in columns
        else _repeat(shared[column.name], column.type, n_rows)
        for column in contract.columns
    ]
    # The writer adds the documentation: with the documentation in each schema, sending rows to a process is slow.
    fields = [
        pa.field(field.name, array.type, field.nullable) for field, array in zip(contract.schema, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def float_column(table: pa.Table, name: str) -> FloatArray:
    """Return a column of a table as an array, with NaN in place of null."""
    found: FloatArray = table[name].cast(pa.float64()).to_numpy()
    return found


def without_nan(values: FloatArray) -> pa.Array:
    """Return numbers as a column, with null in place of NaN."""
    return pa.array(values, mask=np.isnan(values))


def only_finite(values: FloatArray) -> pa.Array:
    """Return numbers as a column, with null in place of NaN and of infinite numbers."""
    return pa.array(values, mask=~np.isfinite(values))


def dictionary_array(codes: np.ndarray, values: Sequence[str | None]) -> pa.DictionaryArray:
    """Return dictionary-encoded texts from positions in `values`, which may contain a text several times, or null."""
    if not any(value is not None for value in values):
        return pa.nulls(len(codes), CODES)
    distinct: dict[str | None, int] = {}
    places = np.array([distinct.setdefault(value, len(distinct)) for value in values], np.int32)[codes]
    null = distinct.pop(None, None)
    mask = None if null is None else places == null
    if null is not None:
        places -= places > null
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=mask), pa.array(distinct, pa.string()))


def _repeat(value: object, kind: pa.DataType, n_rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(n_rows, CODES if pa.types.is_string(kind) else kind)
    if pa.types.is_string(kind):
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n_rows, np.int32)), pa.array([value], kind))
    return pa.repeat(pa.scalar(value, kind), n_rows)


def _array(values: pa.Array | Sequence[Any], kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.DictionaryArray):
        return values
    return values.cast(kind) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, kind)
