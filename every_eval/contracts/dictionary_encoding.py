"""Dictionary-encode texts that repeat: Parquet stores the codes as they are, and need not search for repetitions."""

import base64

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.table import Table

CODES = pa.dictionary(pa.int32(), pa.string())
"""Type of dictionary-encoded texts."""


def encoded_schema(contract: Table) -> pa.Schema:
    """Return the contract's schema with dictionary-encoded columns for texts that repeat."""
    fields = [
        field.with_type(CODES) if column.repeats and column.type == pa.string() else field
        for column, field in zip(contract.columns, contract.schema, strict=True)
    ]
    return pa.schema(fields, contract.schema.metadata)


def encode(schema: pa.Schema, table: pa.Table) -> pa.Table:
    """Return the rows of a contract with the types of its encoded schema."""
    columns = [
        values if values.type == kind else _encode(values) if kind == CODES else values.cast(kind)
        for kind, values in zip(schema.types, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def sort_dictionaries(table: pa.Table) -> pa.Table:
    """Return the rows in one chunk, with sorted dictionaries of the texts that occur: equal rows have equal codes."""
    whole = table.unify_dictionaries().combine_chunks()
    columns = [_sort_dictionary(column.chunk(0)) if column.type == CODES else column for column in whole.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


def file_metadata(contract: Table) -> dict[str, str]:
    """Return the key-value metadata of a file: its table, and the contract's schema, in which texts are plain.

    Arrow takes the types of columns from the entry `ARROW:schema`, an IPC message in base64: see "Roundtripping Arrow
    types and schema" in Arrow's documentation of its Parquet files. Without the entry, Arrow takes the types from
    Parquet's own schema.
    """
    if not contract.layout.is_described:
        return {"table": contract.name}
    schema = base64.b64encode(contract.schema.serialize()).decode()
    return {"table": contract.name, "doc": contract.doc, "ARROW:schema": schema}


def _encode(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(CODES) if pa.types.is_dictionary(values.type) else values.dictionary_encode().cast(CODES)


def _sort_dictionary(array: pa.DictionaryArray) -> pa.DictionaryArray:
    if len(array.dictionary) == 0 or (len(array.dictionary) == 1 and array.null_count < len(array)):
        return array
    occurring = np.flatnonzero(np.bincount(array.indices.drop_null(), minlength=len(array.dictionary)))
    texts = array.dictionary.take(pa.array(occurring))
    order = pc.sort_indices(texts).to_numpy()
    codes = np.zeros(len(array.dictionary), np.int32)
    codes[occurring[order]] = np.arange(len(order))
    return pa.DictionaryArray.from_arrays(pa.array(codes).take(array.indices), texts.take(pa.array(order)))
