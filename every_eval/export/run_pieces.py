"""Read a Parquet file whose rows stand run by run, one run at a time."""

from collections.abc import Collection, Iterator
from itertools import chain, pairwise
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from every_eval.contracts.conforming import conform
from every_eval.contracts.table import Table

RunKey = tuple[str, str]
"""Suite and name of a run."""
PIECE_ROWS: Final = 1 << 14
"""Largest number of rows that are read at a time; a run may have more."""


class RunPieces:
    """The rows of one file, by run. Only the rows of one run, and one piece of the file, are in memory."""

    def __init__(
        self,
        table: Table,
        filesystem: Any,  # noqa: ANN401 - a file system of fsspec
        address: str,
        names: Collection[str],
        runs: Collection[str] | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            table: Contract of the file.
            filesystem: File system of fsspec that opens the address.
            address: Address of the file.
            names: Columns to read.
            runs: Names of the runs to read; null for all.
        """
        self.table = table
        self._filesystem, self._address = filesystem, address
        self._columns = [column for column in table.columns if column.name in names]
        self._wanted = None if runs is None else sorted(runs)
        self._runs = self._by_run()
        self._next: tuple[RunKey, pa.Table] | None = None
        self._is_started = False

    def __iter__(self) -> Iterator[tuple[RunKey, pa.Table]]:
        """Yield each run with its rows, in the order of the file."""
        yield from self._runs

    @property
    def next_key(self) -> RunKey | None:
        """The run whose rows come next; null at the end of the file."""
        if not self._is_started:
            self._next, self._is_started = next(self._runs, None), True
        return self._next and self._next[0]

    def take(self, key: RunKey) -> pa.Table:
        """Return the rows of the run if they come next, else no rows."""
        if self.next_key != key or self._next is None:
            return self.table.schema.empty_table()
        rows, self._next = self._next[1], next(self._runs, None)
        return rows

    def read(self) -> pa.Table:
        """Return all rows."""
        empty = pa.schema([column.field for column in self._columns]).empty_table()
        return pa.concat_tables([empty, *self._pieces()])

    def _pieces(self) -> Iterator[pa.Table]:
        with self._filesystem.open(self._address, "rb") as file:
            parquet = pq.ParquetFile(file, pre_buffer=False)
            names = frozenset(parquet.schema_arrow.names)
            present = [column.name for column in self._columns if column.name in names]
            groups = [group for group in range(parquet.num_row_groups) if self._may_hold(parquet.metadata, group)]
            for batch in parquet.iter_batches(PIECE_ROWS, row_groups=groups, columns=present, use_threads=False):
                rows = pa.Table.from_batches([batch])
                if self._wanted is not None:
                    rows = rows.filter(pc.is_in(rows["run"], pa.array(self._wanted, pa.string())))
                yield conform(self.table, self._columns, self._address, rows)

    def _may_hold(self, metadata: pq.FileMetaData, group: int) -> bool:
        """Tell, by the statistics of a row group, whether one of the runs can be in it."""
        if self._wanted is None:
            return True
        columns = (metadata.row_group(group).column(number) for number in range(metadata.num_columns))
        stated = next((each.statistics for each in columns if each.path_in_schema == "run"), None)
        if stated is None or not stated.has_min_max:
            return True
        return any(stated.min <= run <= stated.max for run in self._wanted)

    def _by_run(self) -> Iterator[tuple[RunKey, pa.Table]]:
        """Join the rows of each run, which may reach over several pieces."""
        key: RunKey | None = None
        rows: list[pa.Table] = []
        for found, part in chain.from_iterable(map(_split, self._pieces())):
            if key is not None and found != key:
                yield key, pa.concat_tables(rows)
                rows = []
            key = found
            rows.append(part)
        if key is not None:
            yield key, pa.concat_tables(rows)


def _split(piece: pa.Table) -> Iterator[tuple[RunKey, pa.Table]]:
    """Yield the runs of a piece, with the rows of each."""
    if not piece.num_rows:
        return
    keys = [piece[name].combine_chunks() for name in ("suite", "run")]
    ends = sorted({end for key in keys for end in pc.run_end_encode(key).run_ends.to_pylist()})
    for start, stop in pairwise([0, *ends]):
        suite, run = (key[start].as_py() for key in keys)
        yield (suite, run), piece.slice(start, stop - start)
