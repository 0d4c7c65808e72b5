"""A run's rows on the local disk, on their way from the process that reads them to the one that writes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from every_eval.sources.source import Reject, RunRows

TABLES: Final = ("samples", "metrics", "stats")


@dataclass(frozen=True, slots=True)
class Spooled:
    """Where the tables of a run's pieces are, and what else they hold; a table without rows has no file.

    It is passed on from process to process, so that it holds no table: one without rows takes long enough.
    """

    paths: dict[str, Path]
    rejects: tuple[Reject, ...]
    disagreements: Sequence[Mapping[str, Any]]

    def pieces(self) -> Iterator[RunRows]:
        """The rows, each file gone when it has been gone through."""
        for table, path in self.paths.items():
            with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
                for batch in stream:
                    yield RunRows(**{table: pa.Table.from_batches([batch])})
            path.unlink()
        yield RunRows(rejects=self.rejects, disagreements=self.disagreements)


def spool(pieces: Iterable[RunRows], prefix: Path) -> Spooled:
    """Write pieces as Arrow streams, in files whose paths begin with `prefix`."""
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
                        writers[table] = stack.enter_context(pa.ipc.new_stream(str(paths[table]), rows.schema))
                    writers[table].write_table(rows.combine_chunks())
            rejects += piece.rejects
            disagreements += piece.disagreements
    return Spooled({table: path for table, path in paths.items() if table in writers}, rejects, disagreements)
