"""Make the tables of one benchmark that compare runs item by item, or that follow the benchmark's releases."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.history import HISTORY
from every_eval.contracts.leaderboard import LEADERBOARD, MIN_COVERAGE
from every_eval.contracts.table import Table
from every_eval.scoring.compared_release import compared_release
from every_eval.scoring.item_tables import ITEM_TABLES, ItemTables
from every_eval.scoring.responses.instance_names import InstanceNames
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.responses.response_store import opened_store
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.evaluated_runs import read_runs
from every_eval.scoring.tables.history import history
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.distinct import distinct
from every_eval.sources.source import Source
from every_eval.sources.statistics_files import RUN_COLUMNS, RunKey, StatisticsFiles

RELEASE_TABLES: Final = (*ITEM_TABLES, HISTORY)
"""The tables that this module makes."""
Write = Callable[[Table, pa.Table], None]
"""Takes the next rows of a table."""


@dataclass(frozen=True)
class ReleaseTables:
    """Makes the tables of one benchmark from all of its releases."""

    source: Source
    clock: Clock
    releases: Sequence[Mapping[str, Any]]
    """Rows of the contract `releases`, the oldest first; the last one is the newest release."""
    stats: StatisticsFiles
    """Statistics of the benchmark's runs."""
    item_scores: ItemScoresFiles
    """Item scores of the benchmark's runs."""
    min_coverage: float = MIN_COVERAGE
    """Least share of the columns with scores in which a model needs a score to be ranked."""

    def write_item_tables(self, write: Write) -> None:
        """Give the rows of `ITEM_TABLES` to `write`."""
        shown = [ShownRelease.of(row, self.source) for row in self.releases]
        stats = self.stats.of(frozenset().union(*(release.runs for release in shown)))
        place = {"source": self.source.name, "benchmark": self.releases[-1]["benchmark"]}
        with opened_store(self.item_scores, stats) as store:
            names = InstanceNames(self.item_scores, store.scenarios)
            ItemTables(place, shown, read_runs(stats), store, names).write(write)

    def write_history(self, write: Write, row: Mapping[str, Any], board: pa.Table | None) -> None:
        """Give the rows of `HISTORY` of one release to `write`.

        Args:
            write: Takes the rows.
            row: The release.
            board: Leaderboard of the release; null if it is not made yet.
        """
        runs = ShownRelease.of(row, self.source).runs
        rows = history(
            self.board(row) if board is None else board,
            number=1 + [one["release"] for one in self.releases].index(row["release"]),
            is_newest=row["is_newest"],
            date=row["date"],
            n_runs=len(runs),
            n_runs_missing=len(runs - self._known_runs),
        )
        write(HISTORY, rows)

    def board(self, row: Mapping[str, Any]) -> pa.Table:
        """Return the leaderboard of a release; no rows if the release has no main table."""
        stats = self.stats.of(ShownRelease.of(row, self.source).runs)
        with compared_release(self.source, row, stats, self.item_scores, self.min_coverage) as release:
            board = release.leaderboard(self.clock)
        return LEADERBOARD.empty if board is None else board

    @cached_property
    def _known_runs(self) -> Set[RunKey]:
        """Runs that have statistics."""
        return {run for piece in self.stats.pieces(RUN_COLUMNS) for run in distinct(piece, RUN_COLUMNS)[1]}
