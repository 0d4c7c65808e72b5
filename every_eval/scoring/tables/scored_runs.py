"""The comprehensive statistics of a benchmark of any size, sorted by run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.hub.work_folders import work_folder
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.comprehensive_stats import COLUMNS, comprehensive_stats
from every_eval.scoring.tables.ranking import RankCollector
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.scoring.tables.spill import Spill
from every_eval.sources.distinct import distinct
from every_eval.sources.statistics_files import RUN_COLUMNS, RunKey, StatisticsFiles
from every_eval.statistics.groups import IntArray

PART_ROWS: Final = 1 << 16
"""Rows of a part; the last run of a part is not cut, so that a part can have more rows."""

ROW: Final = "row"
"""Column that is added to the rows of the state: the position of the row in the state."""


def count_rows(stats: StatisticsFiles) -> Counter[RunKey]:
    """Return the number of rows of each run."""
    counts: Counter[RunKey] = Counter()
    for piece in stats.pieces(RUN_COLUMNS):
        position, runs = distinct(piece, RUN_COLUMNS)
        counts.update(dict(zip(runs, np.bincount(position).tolist(), strict=True)))
    return counts


def scored_runs(
    stats: StatisticsFiles, n_rows: Mapping[RunKey, int], release: ShownRelease, clock: Clock
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield rows of the state, and the rows of the contract `comprehensive_stats` made from them, sorted by run.

    The rows come in parts that cut no run. All rows are read once to rank them before the first part is made.

    Args:
        stats: Statistics of the runs that the release shows.
        n_rows: Number of rows of each run.
        release: The release.
        clock: The moment of the file.
    """
    collector = RankCollector(release)
    with work_folder() as folder:
        parts = _in_run_order(stats, n_rows, collector, folder)
        ranks = None
        for part in parts:
            ranks = ranks or collector.ranks()
            yield part, comprehensive_stats(part, ranks.at(part[ROW].to_numpy()), release, clock)


def _in_run_order(
    stats: StatisticsFiles, n_rows: Mapping[RunKey, int], collector: RankCollector, folder: Path
) -> Iterator[pa.Table]:
    """Yield `COLUMNS` and `ROW` of all rows, sorted by run; the rows of a run keep the state's order.

    The first part comes once `collector` has every row, in the state's order. Until then the rows lie in `folder`.
    """
    spill = Spill(folder)
    order = {run: number for number, run in enumerate(sorted(n_rows, key=lambda run: (run[1], run[0])))}
    part_of = _parts([n_rows[run] for run in order])
    n_before = 0
    for piece in stats.pieces(COLUMNS):
        collector.add(piece)
        position, runs = distinct(piece, RUN_COLUMNS)
        parts = part_of[np.array([order[run] for run in runs])][position]
        rows = piece.append_column(ROW, pa.array(np.arange(n_before, n_before + len(parts))))
        n_before += len(parts)
        for part in np.unique(parts).tolist():
            spill.add(part, rows.filter(pa.array(parts == part)))
    for part in np.unique(part_of).tolist():
        rows = spill.take(part)
        position, runs = distinct(rows, RUN_COLUMNS)
        yield rows.take(pa.array(np.argsort(np.array([order[run] for run in runs])[position], kind="stable")))


def _parts(n_rows: Sequence[int]) -> IntArray:
    """Return the number of the part that each run is in: a part takes runs until it is full."""
    return (np.cumsum(n_rows, dtype=np.int64) - 1) // PART_ROWS
