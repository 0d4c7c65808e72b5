"""Read the statistics of a benchmark's runs from files, in pieces: there may be more rows than fit into memory."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from every_eval.contracts.scanning import scan_table
from every_eval.contracts.state import STATE
from every_eval.sources.distinct import distinct

RunKey = tuple[str, str]
"""Suite and name of a run."""
RUN_COLUMNS = ("suite", "run")
"""Columns of a `RunKey`."""


@dataclass(frozen=True)
class StatisticsFiles:
    """Rows of the table `state`, ordered by shard: the statistics of a benchmark's runs."""

    files: Sequence[Path]
    runs: Set[RunKey] | None = None
    """Runs whose rows are read; null for all runs."""

    def of(self, runs: Set[RunKey]) -> "StatisticsFiles":
        """Return the same files, restricted to the rows of some runs."""
        return replace(self, runs=runs)

    def pieces(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Read columns of the rows in pieces, with dictionary-encoded texts."""
        for file in self.files:
            for piece in scan_table(STATE, file, {*names, *RUN_COLUMNS}):
                rows = piece if self.runs is None else piece.filter(_is_of_runs(piece, self.runs))
                if rows.num_rows:
                    yield rows.select(names)

    def read(self, names: Sequence[str], is_wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
        """Read columns of the rows for which `is_wanted` returns true; these rows must fit into memory."""
        rows = self._collect(names, is_wanted)
        # Arrow keeps freed memory for later use, but callers turn the rows into Python objects.
        pa.default_memory_pool().release_unused()
        return rows

    def _collect(self, names: Sequence[str], is_wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
        found = [piece.filter(is_wanted(piece)) for piece in self.pieces(names)]
        return pa.concat_tables(found).unify_dictionaries() if found else STATE.schema.empty_table().select(names)


def _is_of_runs(rows: pa.Table, runs: Set[RunKey]) -> pa.Array:
    position, found = distinct(rows, RUN_COLUMNS)
    return pa.array(np.array([run in runs for run in found], np.bool_)[position])
