"""A benchmark's rows in the order of its runs, whatever order its shards have, a bounded part at a time."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.distinct import distinct
from every_eval.scoring.state.spill import Spill
from every_eval.scoring.tables.comprehensive import COLUMNS
from every_eval.scoring.tables.ranking import Ranking
from every_eval.sources.state_files import IDENTITY, RunKey, StateFiles
from every_eval.statistics.groups import IntArray

HEAP_ROWS: Final = 1 << 16
"""Rows of a part; a run is not cut, so that the last one can exceed it."""

ROW: Final = "row"
"""The column that is added: the row's position among all rows."""


def count_rows(stats: StateFiles) -> Counter[RunKey]:
    """How many rows each run has."""
    counts: Counter[RunKey] = Counter()
    for piece in stats.pieces(IDENTITY):
        position, runs = distinct(piece, IDENTITY)
        counts.update(dict(zip(runs, np.bincount(position).tolist(), strict=True)))
    return counts


def in_run_order(stats: StateFiles, n_rows: Mapping[RunKey, int], ranking: Ranking, folder: Path) -> Iterator[pa.Table]:
    """`COLUMNS` and `ROW` of all rows, by run, those of a run in the state's order; no run is cut.

    The first part comes once `ranking` has taken every row, in the state's order. `folder`, an empty one, holds the
    rows until then.
    """
    spill = Spill(folder)
    order = {run: number for number, run in enumerate(sorted(n_rows, key=lambda run: (run[1], run[0])))}
    heap_of = _heaps([n_rows[run] for run in order])
    n_before = 0
    for piece in stats.pieces(COLUMNS):
        ranking.add(piece)
        position, runs = distinct(piece, IDENTITY)
        heaps = heap_of[np.array([order[run] for run in runs])][position]
        rows = piece.append_column(ROW, pa.array(np.arange(n_before, n_before + len(heaps))))
        n_before += len(heaps)
        for heap in np.unique(heaps).tolist():
            spill.add(heap, rows.filter(pa.array(heaps == heap)))
    for heap in np.unique(heap_of).tolist():
        rows = spill.take(heap)
        position, runs = distinct(rows, IDENTITY)
        yield rows.take(pa.array(np.argsort(np.array([order[run] for run in runs])[position], kind="stable")))


def _heaps(n_rows: Sequence[int]) -> IntArray:
    """The part that each run is in: runs are added until the part is full."""
    return (np.cumsum(n_rows, dtype=np.int64) - 1) // HEAP_ROWS
