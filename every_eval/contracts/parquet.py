"""Parquet files of a contract: the same rows always give the same bytes."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from every_eval.contracts.coding import canonical, coded_schema, encode, file_metadata
from every_eval.contracts.conforming import conform
from every_eval.contracts.table import Table

TEXT_BYTES: Final = 32 << 20
"""Of texts in a row group, which is closed by the row that reaches it; the Hub's viewer refuses groups of 286 MiB."""


class TableWriter:
    """Writes one Parquet file, piece by piece.

    Every piece is validated as it comes. A row group ends where it has `rows_per_group` rows of the contract, or
    `TEXT_BYTES` of texts, however the rows were cut into pieces; so the same rows give the same bytes, and what waits
    to be written stays small. Content-defined chunking lets the Hub store only the pages that changed.
    """

    def __init__(self, contract: Table, path: Path, metadata: dict[str, str] | None = None) -> None:
        """`metadata` is added to the file's own key-value metadata."""
        self.contract = contract
        self.path = path
        self.n_rows = 0
        self._pending: list[pa.Table] = []
        self._n_pending = 0
        self._bytes_pending = 0
        self._metadata = metadata or {}
        self._schema = coded_schema(contract)
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=3,
            use_dictionary=[_leaf(column.name, column.type) for column in contract.columns if column.repeats],
            write_page_index=True,
            write_page_checksum=True,  # Parts of a file are read where its digest cannot be checked.
            use_content_defined_chunking=True,
            store_schema=False,  # it would be that of the codes
        )

    def write(self, rows: pa.Table) -> None:
        """Add rows.

        Raises:
            ContractViolation: they break the contract.
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
        """Write what waits as one row group."""
        self._writer.write_table(canonical(pa.concat_tables(self._pending)), row_group_size=self._n_pending)
        self._pending.clear()
        self._n_pending = self._bytes_pending = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._pending:  # A file without rows has no row group: `datasets` fails on an empty one.
                    self._flush()
                self._writer.add_key_value_metadata({**file_metadata(self.contract), **self._metadata})
        finally:
            self._writer.close()


def _text_bytes(contract: Table, table: pa.Table) -> npt.NDArray[np.int64]:
    """Bytes of each row's texts, but for those that repeat."""
    n_bytes = np.zeros(table.num_rows, np.int64)
    for column in contract.columns:
        if not column.repeats and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            n_bytes += pc.fill_null(pc.binary_length(table[column.name]), 0).to_numpy()
    return n_bytes


def _leaf(name: str, kind: pa.DataType) -> str:
    """The path by which Parquet knows a column's values."""
    return f"{name}.list.element" if pa.types.is_list(kind) else name


def write_table(contract: Table, path: Path, rows: pa.Table, metadata: dict[str, str] | None = None) -> Path:
    """Write all rows of a file at once.

    Raises:
        ContractViolation: they break the contract.
    """
    with TableWriter(contract, path, metadata) as writer:
        writer.write(rows)
    return path


def read_table(contract: Table, paths: Iterable[Path], filters: Any = None) -> pa.Table:  # noqa: ANN401 - as pyarrow has it
    """The rows of several files of a contract, in the order of `paths`.

    A file written under an older version of the contract is read as far as it goes: columns that it lacks are null.

    Raises:
        ContractViolation: a file lacks a column that is never null, or holds another type.
    """
    tables = [conform(contract, contract.columns, path.name, pq.read_table(path, filters=filters)) for path in paths]
    return pa.concat_tables(tables) if tables else contract.schema.empty_table()
