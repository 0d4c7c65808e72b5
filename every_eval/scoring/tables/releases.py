"""A benchmark's releases, the cells of one at a time: the tables of one can have hundreds of thousands."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.contracts.releases import RELEASES
from every_eval.contracts.scanning import scan_table

CELLS = "cells"


class Releases:
    """Rows of the contract `releases`."""

    def __init__(self, file: Path | None) -> None:
        """Read all but the cells; null: there is no release."""
        self._file = file
        names = [column.name for column in RELEASES.columns if column.name != CELLS]
        pieces = scan_table(RELEASES, file, names) if file else ()
        self._rows: list[dict[str, Any]] = [row for piece in pieces for row in piece.to_pylist()]

    @property
    def newest(self) -> Mapping[str, Any] | None:
        """The one that the leaderboard shows, without its cells; null if there is none."""
        return next((row for row in self._rows if row["is_newest"]), None)

    def with_cells(self, *, older: bool) -> Iterator[Mapping[str, Any]]:
        """The newest release, or all, each with its cells as an array."""
        if self._file:
            pieces = scan_table(RELEASES, self._file, [CELLS], n_rows=1)
            for row, piece in zip(self._rows, pieces, strict=True):
                if older or row["is_newest"]:
                    cells: pa.ListArray = piece[CELLS].combine_chunks()
                    yield row | {CELLS: cells.flatten()}
