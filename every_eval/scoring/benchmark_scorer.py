"""Make one benchmark's rows of every table of the scores repo, and write them as they are made."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.table import Table
from every_eval.scoring.change_detection import BenchmarkState
from every_eval.scoring.checks.check import Check
from every_eval.scoring.checks.validation import Validation
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.compared_scores import COLUMNS, is_main_score
from every_eval.scoring.tables.leaderboard import leaderboard
from every_eval.scoring.tables.pairs import pairs
from every_eval.scoring.tables.releases import Releases, ShownRelease
from every_eval.scoring.tables.scored_runs import count_rows, scored_runs
from every_eval.sources.source import Source
from every_eval.sources.statistics_files import StatisticsFiles

Write = Callable[[Table, pa.Table], None]
"""Takes the next rows of a table."""
Pieces = Iterable[pa.Table]


@dataclass(frozen=True)
class BenchmarkScorer:
    """Scores one benchmark after another."""

    source: Source
    clock: Clock
    older_releases: bool
    """Whether to recompute the source's own tables of all releases, or of the newest release alone."""
    report: Callable[[str], object]
    write: Write

    def score(self, benchmark: BenchmarkState, state: Mapping[str, Path], known_pairs: Pieces | None) -> list[Check]:
        """Score a benchmark's newest release, and return the checks of its scores.

        Args:
            benchmark: The state files of the benchmark.
            state: Local files of the state, by path.
            known_pairs: Published rows of the contract `pairs`, if nothing has changed since; else null.
        """
        releases = Releases(state[benchmark.releases] if benchmark.releases else None)
        newest = releases.newest
        if newest is None:
            self.report(f"{benchmark.folder}: no release is published, so no run of this benchmark is scored.")
            return []
        release = ShownRelease.of(newest, self.source)
        all_rows = StatisticsFiles([state[path] for path in benchmark.files])
        stats = all_rows.of(release.runs)
        validation = self._write_comprehensive_stats(stats, release)
        main_table, board = self.source.main_table(newest, stats), None
        if main_table is None:
            self.report(f"{benchmark.folder}: release {release.name} has no main table, so it has no leaderboard.")
        else:
            board = leaderboard(self.source.name, newest["benchmark"], release.name, main_table, self.clock)
            self.write(LEADERBOARD, board)
        if known_pairs is None:
            main_scores = stats.read(COLUMNS, is_main_score)
            known_pairs = pairs(self.source.name, newest["benchmark"], release, main_scores, main_table)
        self._write_all(PAIRS, known_pairs)
        for contract in self.source.published_contracts:
            for row in releases.with_cells(older=self.older_releases):
                self._write_all(contract, self.source.published_tables(row, all_rows))
        return validation.checks(board)

    def _write_comprehensive_stats(self, stats: StatisticsFiles, release: ShownRelease) -> Validation:
        """Write the rows of comprehensive_stats, and return their validation."""
        n_rows = count_rows(stats)
        validation = Validation(release, n_rows)
        for part, rows in scored_runs(stats, n_rows, release, self.clock):
            validation.add(part, rows)
            self.write(COMPREHENSIVE_STATS, rows)
        return validation

    def _write_all(self, table: Table, pieces: Pieces) -> None:
        for piece in pieces:
            self.write(table, piece)
