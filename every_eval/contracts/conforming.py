"""Fit the rows of an older file to the current contract of its table."""

from collections.abc import Sequence

import pyarrow as pa

from every_eval.contracts.table import Column, Table
from every_eval.errors import ContractViolation


def conform(contract: Table, columns: Sequence[Column], name: str, table: pa.Table) -> pa.Table:
    """Return `columns` of the contract from the rows of the file `name`.

    A missing column is null, or has the value of `Column.before`. Texts may be dictionary-encoded.

    Raises:
        ContractViolation: The file lacks a column that is never null, or a column has another type.
    """
    values, fields = [], []
    for column in columns:
        if column.name in table.column_names:
            values.append(table[column.name])
        elif column.null_when is not None:
            values.append(pa.nulls(table.num_rows, column.type))
        elif column.before is not None:
            values.append(pa.array([column.before] * table.num_rows, column.type))
        else:
            raise ContractViolation(f"{name} has no column {column.name}, which {contract.name} needs")
        is_encoded = pa.types.is_dictionary(values[-1].type)
        fields.append(column.field.with_type(pa.dictionary(pa.int32(), column.type)) if is_encoded else column.field)
    schema = pa.schema(fields, contract.schema.metadata)
    try:
        return pa.table(values, names=schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise ContractViolation(f"{name} is not a file of the table {contract.name}: {error}") from error
