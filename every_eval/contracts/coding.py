"""Texts that repeat, as codes of a dictionary: Parquet takes them so, and need not find the repetitions again."""

import base64

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.table import Column, Table

CODES = pa.dictionary(pa.int32(), pa.string())


def coded_schema(contract: Table) -> pa.Schema:
    """The contract's schema with codes in place of texts that repeat."""
    fields = [
        field.with_type(CODES) if _is_coded(column) else field
        for column, field in zip(contract.columns, contract.schema, strict=True)
    ]
    return pa.schema(fields, contract.schema.metadata)


def _is_coded(column: Column) -> bool:
    return column.repeats and column.type == pa.string()


def encode(schema: pa.Schema, table: pa.Table) -> pa.Table:
    """The rows of a contract as its coded schema has them."""
    columns = [
        values if values.type == kind else _encode(values) if kind == CODES else values.cast(kind)
        for kind, values in zip(schema.types, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def canonical(table: pa.Table) -> pa.Table:
    """The rows in one piece, equal rows with equal codes: the positions of the texts that occur, sorted."""
    whole = table.unify_dictionaries().combine_chunks()
    columns = [_sorted(column.chunk(0)) if column.type == CODES else column for column in whole.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


def file_metadata(contract: Table) -> dict[str, str]:
    """What a file holds, and the contract's own schema, by which Arrow reads texts where codes were given.

    `ARROW:schema` is an IPC message in base64: see "Roundtripping Arrow types and schema" in Arrow's documentation of
    its Parquet files.
    """
    schema = base64.b64encode(contract.schema.serialize()).decode()
    return {"table": contract.name, "doc": contract.doc, "ARROW:schema": schema}


def _encode(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(CODES) if pa.types.is_dictionary(values.type) else values.dictionary_encode().cast(CODES)


def _sorted(array: pa.DictionaryArray) -> pa.DictionaryArray:
    if len(array.dictionary) == 0 or (len(array.dictionary) == 1 and array.null_count < len(array)):
        return array
    occurring = np.flatnonzero(np.bincount(array.indices.drop_null(), minlength=len(array.dictionary)))
    texts = array.dictionary.take(pa.array(occurring))
    order = pc.sort_indices(texts).to_numpy()
    codes = np.zeros(len(array.dictionary), np.int32)
    codes[occurring[order]] = np.arange(len(order))
    return pa.DictionaryArray.from_arrays(pa.array(codes).take(array.indices), texts.take(pa.array(order)))
