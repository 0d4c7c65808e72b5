"""One benchmark's rows of every table of the scores repo, written as they are made."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.table import Table
from every_eval.scoring.change_detection import Folding
from every_eval.scoring.checks.checks import Check
from every_eval.scoring.checks.validation import Validation
from every_eval.scoring.state.run_order import count_rows
from every_eval.scoring.tables.comprehensive import Clock, Shown
from every_eval.scoring.tables.contestants import COLUMNS, are_compared
from every_eval.scoring.tables.leaderboard import leaderboard
from every_eval.scoring.tables.pairs import pairs
from every_eval.scoring.tables.releases import Releases
from every_eval.scoring.tables.scored_runs import scored_runs
from every_eval.sources.source import Source
from every_eval.sources.state_files import StateFiles

Write = Callable[[Table, pa.Table], None]
"""Takes rows of a table, piece by piece, in order."""
Pieces = Iterable[pa.Table]


@dataclass(frozen=True)
class BenchmarkScorer:
    """Makes the rows of one benchmark after the other."""

    source: Source
    clock: Clock
    older_releases: bool
    """Whether published tables are recomputed of all releases, or of the newest alone."""
    report: Callable[[str], object]
    write: Write

    def score(self, folding: Folding, state: Mapping[str, Path], compared: Pieces | None) -> list[Check]:
        """Score a benchmark's newest release, and say what validation found.

        Args:
            folding: What its state holds.
            state: The local files of the state, by their paths.
            compared: Its rows of the contract `pairs`, where nothing has changed since they were made.
        """
        releases = Releases(state[folding.releases] if folding.releases else None)
        newest = releases.newest
        if newest is None:
            self.report(f"{folding.folder}: no release is known, so none is scored")
            return []
        benchmark, shown = newest["benchmark"], _shown(newest, self.source)
        all_rows = StateFiles([state[path] for path in folding.files])
        stats = all_rows.of(shown.runs)
        validation = self._comprehensive(stats, shown)
        main_table, board = self.source.main_table(newest, stats), None
        if main_table is None:
            self.report(f"{folding.folder}: release {shown.release} has no main table, and so no leaderboard")
        else:
            board = leaderboard(self.source.name, benchmark, shown.release, main_table, self.clock)
            self.write(LEADERBOARD, board)
        if compared is None:
            compared = pairs(self.source.name, benchmark, shown, stats.read(COLUMNS, are_compared), main_table)
        self._write_all(PAIRS, compared)
        for contract in self.source.published_contracts:
            for release in releases.with_cells(older=self.older_releases):
                self._write_all(contract, self.source.published_tables(release, all_rows))
        return validation.checks(board)

    def _comprehensive(self, stats: StateFiles, shown: Shown) -> Validation:
        """Write the comprehensive statistics, checking them on the way."""
        n_rows = count_rows(stats)
        validation = Validation(shown, n_rows)
        for part, rows in scored_runs(stats, n_rows, shown, self.clock):
            validation.add(part, rows)
            self.write(COMPREHENSIVE_STATS, rows)
        return validation

    def _write_all(self, table: Table, pieces: Pieces) -> None:
        for piece in pieces:
            self.write(table, piece)


def _shown(release: Mapping[str, Any], source: Source) -> Shown:
    runs = frozenset((run["suite"], run["run"]) for run in release["runs"])
    return Shown(release["release"], runs, source.directions(release))
