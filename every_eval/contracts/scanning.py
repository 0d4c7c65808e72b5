"""Read a large file of a contract in pieces."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.conforming import conform
from every_eval.contracts.table import Table

PIECE_ROWS: Final = 1 << 16
"""Largest number of rows in a piece, unless the caller says otherwise."""


def scan_table(
    contract: Table,
    path: Path,
    names: Collection[str],
    start: int = 0,
    stop: int | None = None,
    n_rows: int = PIECE_ROWS,
) -> Iterator[pa.Table]:
    """Read columns of a file in pieces, with dictionary-encoded texts.

    Args:
        contract: Table that the file holds.
        path: Path of the file.
        names: Columns to read; they come in the contract's order.
        start: First row to read.
        stop: Row after the last row to read; null for the end of the file.
        n_rows: Largest number of rows in a piece.

    Raises:
        ContractViolation: The file lacks a column that is never null, or a column has another type.
    """
    columns = [column for column in contract.columns if column.name in names]
    texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
    parquet = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
    present = [column.name for column in columns if column.name in parquet.schema_arrow.names]
    ends = np.cumsum([parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups)])
    stop = parquet.metadata.num_rows if stop is None else stop
    groups = [group for group, end in enumerate(ends) if start < end and (ends[group - 1] if group else 0) < stop]
    position = int(ends[groups[0] - 1]) if groups and groups[0] else 0
    for batch in parquet.iter_batches(n_rows, row_groups=groups, columns=present, use_threads=False):
        first, last = max(start - position, 0), min(stop - position, batch.num_rows)
        position += batch.num_rows
        if first < last:
            yield conform(contract, columns, path.name, pa.Table.from_batches([batch]).slice(first, last - first))
