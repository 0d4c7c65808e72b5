"""A benchmark's state as its files hold it: never in memory as a whole."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from every_eval.contracts.distinct import distinct
from every_eval.contracts.scanning import scan_table
from every_eval.contracts.state import STATE

RunKey = tuple[str, str]
"""(suite, run)"""
IDENTITY = ("suite", "run")


@dataclass(frozen=True)
class StateFiles:
    """Rows of the contract `state`, in the order of their shards."""

    files: Sequence[Path]
    runs: Set[RunKey] | None = None
    """The runs whose rows are read; null: all."""

    def of(self, runs: Set[RunKey]) -> "StateFiles":
        """The rows of some runs alone."""
        return replace(self, runs=runs)

    def pieces(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of the rows, texts as codes of a dictionary."""
        for file in self.files:
            for piece in scan_table(STATE, file, {*names, *IDENTITY}):
                rows = piece if self.runs is None else piece.filter(_are_of(piece, self.runs))
                if rows.num_rows:
                    yield rows.select(names)

    def read(self, names: Sequence[str], is_wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
        """The rows that are wanted, of which there must be few: `is_wanted` says so row by row."""
        rows = self._collect(names, is_wanted)
        # What Arrow keeps for later is given back: what is made of the rows are Python's own objects.
        pa.default_memory_pool().release_unused()
        return rows

    def _collect(self, names: Sequence[str], is_wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
        found = [piece.filter(is_wanted(piece)) for piece in self.pieces(names)]
        return pa.concat_tables(found).unify_dictionaries() if found else STATE.schema.empty_table().select(names)


def _are_of(rows: pa.Table, runs: Set[RunKey]) -> pa.Array:
    position, found = distinct(rows, IDENTITY)
    return pa.array(np.array([run in runs for run in found], np.bool_)[position])
