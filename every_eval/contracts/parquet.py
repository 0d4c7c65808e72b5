"""Write and read the Parquet files of a contract; the same rows always give the same bytes."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from every_eval.contracts.conforming import conform
from every_eval.contracts.dictionary_encoding import encode, encoded_schema, file_metadata, sort_dictionaries
from every_eval.contracts.table import Table

TEXT_BYTES: Final = 32 << 20
"""Size of texts at which a row group ends, in bytes; the Hub's viewer refuses row groups of 286 MiB."""


class TableWriter:
    """Writer of one Parquet file, which takes the rows in pieces.

    Each piece is validated before it is added. A row group ends at the contract's `rows_per_group` or at `TEXT_BYTES`
    of texts, wherever the pieces end: the same rows give the same bytes, and few rows are held in memory.
    """

    def __init__(self, contract: Table, path: Path, metadata: dict[str, str] | None = None) -> None:
        """Open the file; `metadata` is added to its key-value metadata."""
        self.contract = contract
        self.path = path
        self.n_rows = 0
        self._pending: list[pa.Table] = []
        self._n_pending = 0
        self._bytes_pending = 0
        self._metadata = metadata or {}
        self._schema = encoded_schema(contract)
        self._writer = _open(path, contract, self._schema)

    def write(self, rows: pa.Table) -> None:
        """Add rows to the file.

        Raises:
            ContractViolation: The rows break the contract.
        """
        if not rows.num_rows:
            return
        self.contract.validate(rows)
        self.n_rows += rows.num_rows
        table = encode(self._schema, rows)
        n_bytes = np.cumsum(_text_bytes(self.contract, table))
        start = 0
        while start < table.num_rows:
            before = int(n_bytes[start - 1]) if start else 0
            full = int(np.searchsorted(n_bytes, before + TEXT_BYTES - self._bytes_pending)) + 1
            end = min(full, start + self.contract.rows_per_group - self._n_pending, table.num_rows)
            self._pending.append(table.slice(start, end - start))
            self._n_pending += end - start
            self._bytes_pending += int(n_bytes[end - 1]) - before
            if end == full or self._n_pending == self.contract.rows_per_group:
                self._flush()
            start = end

    def _flush(self) -> None:
        """Write the pending rows as one row group."""
        self._writer.write_table(sort_dictionaries(pa.concat_tables(self._pending)), row_group_size=self._n_pending)
        self._pending.clear()
        self._n_pending = self._bytes_pending = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._pending:  # `datasets` fails on an empty row group
                    self._flush()
                self._writer.add_key_value_metadata({**file_metadata(self.contract), **self._metadata})
        finally:
            self._writer.close()


def _open(path: Path, contract: Table, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a file in the layout of its contract."""
    layout = contract.layout
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=layout.compression_level,
        use_dictionary=[_leaf(column.name, column.type) for column in contract.columns if column.repeats],
        use_byte_stream_split=[column.name for column in contract.columns if column.is_split_by_byte],
        data_page_size=layout.page_bytes,
        max_rows_per_page=layout.page_rows,
        write_statistics=layout.is_described,
        write_page_index=layout.is_described,
        write_page_checksum=True,  # A reader of a part of the file cannot check the file's own checksum.
        use_content_defined_chunking=layout.is_chunked_by_content,
        store_schema=False,  # `file_metadata` stores the schema with plain texts
    )


def _text_bytes(contract: Table, table: pa.Table) -> npt.NDArray[np.int64]:
    """Return the bytes of each row's texts, without the texts of columns that repeat."""
    n_bytes = np.zeros(table.num_rows, np.int64)
    for column in contract.columns:
        if not column.repeats and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            n_bytes += pc.fill_null(pc.binary_length(table[column.name]), 0).to_numpy()
    return n_bytes


def _leaf(name: str, kind: pa.DataType) -> str:
    """Return the path of a column's values in the Parquet schema."""
    return f"{name}.list.element" if pa.types.is_list(kind) else name


def write_table(contract: Table, path: Path, rows: pa.Table, metadata: dict[str, str] | None = None) -> Path:
    """Write a file from one table, and return its path.

    Raises:
        ContractViolation: The rows break the contract.
    """
    with TableWriter(contract, path, metadata) as writer:
        writer.write(rows)
    return path


def read_table(contract: Table, paths: Iterable[Path], filters: Any = None) -> pa.Table:  # noqa: ANN401 - as pyarrow has it
    """Return the rows of several files of a contract, in the order of `paths`.

    Columns that a file of an older version does not have are null.

    Raises:
        ContractViolation: A file lacks a column that is never null, or a column has another type.
    """
    tables = [conform(contract, contract.columns, path.name, pq.read_table(path, filters=filters)) for path in paths]
    return pa.concat_tables(tables) if tables else contract.schema.empty_table()
