"""Read the statistics of a benchmark's runs from files, in pieces: there may be more rows than fit into memory.

A run whose files or rows are incomplete, or whose values are not all finite, has no statistics of ours here, although
the files may hold some: a mean over what is left says nothing about the run. So every table falls back on what the
source reported, in the same way.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.scanning import scan_table
from every_eval.contracts.state import STATE
from every_eval.contracts.stats import MOMENTS
from every_eval.sources.distinct import distinct

RunKey = tuple[str, str]
"""Suite and name of a run."""
RUN_COLUMNS = ("suite", "run")
"""Columns of a `RunKey`."""
OF_OUTPUTS: Final = ("standard_error", *(column.name for column in MOMENTS))
"""Columns that say what a run's outputs score."""
REASON_COLUMNS: Final = ("is_complete", "unscored_reason")
"""Columns that say whether a run is scored by its outputs."""
ROWS_MISSING: Final = "Files or rows of the run are missing or could not be read."
"""Reason why an incomplete run is not scored, where its source gives none."""


@dataclass(frozen=True)
class StatisticsFiles:
    """Rows of the table `state`, ordered by shard: the statistics of a benchmark's runs."""

    files: Sequence[Path]
    runs: Set[RunKey] | None = None
    """Runs whose rows are read; null for all runs."""
    left_out: Set[RunKey] = frozenset()
    """Runs that cannot be scored; their rows are not read."""

    def of(self, runs: Set[RunKey]) -> "StatisticsFiles":
        """Return the same files, restricted to the rows of some runs."""
        return replace(self, runs=runs)

    def pieces(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Read columns of the rows in pieces, with dictionary-encoded texts."""
        for file in self.files:
            for piece in scan_table(STATE, file, {*names, *RUN_COLUMNS, *REASON_COLUMNS}):
                rows = piece if self.runs is None else piece.filter(_is_of_runs(piece, self.runs))
                rows = rows.filter(pc.invert(_is_of_runs(rows, self.left_out))) if self.left_out else rows
                if rows.num_rows:
                    yield unscore(rows).select(names)

    def read(self, names: Sequence[str], is_wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
        """Read columns of the rows for which `is_wanted` returns true; these rows must fit into memory."""
        rows = self._collect(names, is_wanted)
        # Arrow keeps freed memory for later use, but callers turn the rows into Python objects.
        pa.default_memory_pool().release_unused()
        return rows

    def _collect(self, names: Sequence[str], is_wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
        found = [piece.filter(is_wanted(piece)) for piece in self.pieces(names)]
        return pa.concat_tables(found).unify_dictionaries() if found else STATE.schema.empty_table().select(names)


def unscore(stats: pa.Table) -> pa.Table:
    """Return rows of the table `stats` without the numbers from outputs where outputs must not be scored.

    Every row of an incomplete run has a reason then.
    """
    is_complete = stats["is_complete"]
    reason = pc.if_else(is_complete, stats["unscored_reason"], pc.coalesce(stats["unscored_reason"], ROWS_MISSING))
    is_scored = pc.is_null(reason)
    if pc.all(is_scored).as_py() is not False:
        return stats
    # Taking a row at null gives null, for columns of every type.
    rows = pc.if_else(is_scored, pa.array(np.arange(stats.num_rows)), None)
    blanked = {name: stats[name].take(rows) for name in OF_OUTPUTS if name in stats.column_names}
    for name, values in (blanked | {"unscored_reason": reason}).items():
        stats = stats.set_column(stats.column_names.index(name), name, values)
    return stats


def _is_of_runs(rows: pa.Table, runs: Set[RunKey]) -> pa.Array:
    position, found = distinct(rows, RUN_COLUMNS)
    return pa.array(np.array([run in runs for run in found], np.bool_)[position])
