"""Rows that are put on disk in numbered parts, because they arrive in another order than they are read in."""

from pathlib import Path

import pyarrow as pa


class Spill:
    """Numbered parts of rows on disk, each of which is read once, as a whole."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is empty."""
        self._folder = folder

    def add(self, part: int, rows: pa.Table) -> None:
        """Append rows to a part."""
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        # Each piece is a stream of its own, with its own dictionaries.
        with self._path(part).open("ab") as file, pa.ipc.new_stream(file, rows.schema, options=options) as stream:
            stream.write_table(rows.unify_dictionaries())

    def take(self, part: int) -> pa.Table:
        """Return the rows of a part in the order in which they were added, and delete the part."""
        pieces = []
        path = self._path(part)
        with path.open("rb") as file:
            while file.peek(1):
                pieces.append(pa.ipc.open_stream(file).read_all())
        path.unlink()
        return pa.concat_tables(pieces).unify_dictionaries()

    def _path(self, part: int) -> Path:
        return self._folder / f"{part:06d}.arrow"
