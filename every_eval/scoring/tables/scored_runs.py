"""The comprehensive statistics of a benchmark of any size, run by run."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from every_eval.scoring.state.run_order import ROW, in_run_order
from every_eval.scoring.tables.comprehensive import Clock, Shown, comprehensive_stats
from every_eval.scoring.tables.ranking import Ranking
from every_eval.sources.state_files import RunKey, StateFiles


def scored_runs(
    stats: StateFiles, n_rows: Mapping[RunKey, int], shown: Shown, clock: Clock
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Rows of the state, and those of the contract `comprehensive_stats` that are made of them, by run.

    They come in parts that cut no run, and are read once before the first part, to rank them, and once again.

    Args:
        stats: The statistics of the runs shown.
        n_rows: How many of them each run has.
        shown: The release.
        clock: The moment of the file.
    """
    ranking, places = Ranking(shown), None
    with tempfile.TemporaryDirectory() as folder:
        for part in in_run_order(stats, n_rows, ranking, Path(folder)):
            places = places or ranking.places()
            yield part, comprehensive_stats(part, places.at(part[ROW].to_numpy()), shown, clock)
