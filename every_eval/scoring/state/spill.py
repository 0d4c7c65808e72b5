"""Rows put aside on disk, when they come in another order than they are needed in."""

from pathlib import Path

import pyarrow as pa


class Spill:
    """Rows in numbered heaps, each of which is taken back as a whole."""

    def __init__(self, folder: Path) -> None:
        """`folder` is there, and for nothing else."""
        self._folder = folder

    def add(self, heap: int, rows: pa.Table) -> None:
        """Put rows on a heap."""
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        # Each piece is a stream of its own, with the dictionaries that it came with.
        with self._path(heap).open("ab") as file, pa.ipc.new_stream(file, rows.schema, options=options) as stream:
            stream.write_table(rows.unify_dictionaries())

    def take(self, heap: int) -> pa.Table:
        """The rows of a heap in the order in which they came; the heap is gone then."""
        pieces = []
        path = self._path(heap)
        with path.open("rb") as file:
            while file.peek(1):
                pieces.append(pa.ipc.open_stream(file).read_all())
        path.unlink()
        return pa.concat_tables(pieces).unify_dictionaries()

    def _path(self, heap: int) -> Path:
        return self._folder / f"{heap:06d}.arrow"
