"""Hand a run's rows from the process that reads them to the process that writes them, through Arrow files on disk.

Arrow files are mapped into memory without copying, so handing over a large run takes little memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from every_eval.sources.source import Reject, RunRows

_BUFFER: Final = 1 << 18
"""Bytes that are written at once; a table has hundreds of small parts."""
TABLES: Final = ("samples", "metrics", "stats", "item_scores", "judgements")


@dataclass(frozen=True, slots=True)
class ArrowFiles:
    """The rows of one run on disk: an Arrow stream for each table that has rows, and the rest in memory.

    Processes pass this object to each other, so it holds no Arrow table: pickling even an empty table is slow.
    """

    paths: dict[str, Path]
    """Path of each table's file."""
    rejects: tuple[Reject, ...]
    disagreements: Sequence[Mapping[str, Any]]
    """Numbers that the source reported otherwise than its own outputs give them."""

    def pieces(self) -> Iterator[RunRows]:
        """Yield the rows, and delete each file after its last row."""
        for table, path in self.paths.items():
            with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
                for batch in stream:
                    yield RunRows(**{table: pa.Table.from_batches([batch])})
            path.unlink()
        yield RunRows(rejects=self.rejects, disagreements=self.disagreements)


def write_arrow_files(pieces: Iterable[RunRows], prefix: Path) -> ArrowFiles:
    """Write the pieces of one run to Arrow files whose paths begin with `prefix`."""
    rejects: tuple[Reject, ...] = ()
    disagreements: list[Mapping[str, Any]] = []
    paths = {table: prefix.with_name(f"{prefix.name}_{table}.arrows") for table in TABLES}
    with ExitStack() as stack:
        writers: dict[str, pa.RecordBatchStreamWriter] = {}
        for piece in pieces:
            for table in TABLES:
                rows: pa.Table = getattr(piece, table)
                if rows.num_rows:
                    if table not in writers:
                        file = stack.enter_context(pa.BufferedOutputStream(pa.OSFile(str(paths[table]), "wb"), _BUFFER))
                        writers[table] = stack.enter_context(pa.ipc.new_stream(file, rows.schema))
                    writers[table].write_table(rows.combine_chunks())
            rejects += piece.rejects
            disagreements += piece.disagreements
    return ArrowFiles({table: path for table, path in paths.items() if table in writers}, rejects, disagreements)
