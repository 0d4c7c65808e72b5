"""Make one benchmark's rows of every table of the scores repo, and write them as they are made."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.table import Table
from every_eval.scoring.change_detection import BenchmarkState
from every_eval.scoring.checks.check import Check, merge_checks
from every_eval.scoring.checks.check_table import PUBLISHED_CELLS, check_cells, check_table, remembered_cells
from every_eval.scoring.checks.validation import Validation
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.compared_scores import COLUMNS, is_main_score
from every_eval.scoring.tables.leaderboard import ModelKey, leaderboard, rejected_of_models
from every_eval.scoring.tables.pairs import pairs
from every_eval.scoring.tables.releases import CELLS, Releases, ShownRelease
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

    def score(
        self, benchmark: BenchmarkState, state: Mapping[str, Path], known_pairs: Pieces | None, known_checks: pa.Table
    ) -> None:
        """Score a benchmark's newest release.

        Args:
            benchmark: The state files of the benchmark.
            state: Local files of the state, by path.
            known_pairs: Published rows of the contract `pairs`, if nothing has changed since; else null.
            known_checks: Published rows of the contract `checks`.
        """
        releases = Releases(state[benchmark.releases] if benchmark.releases else None)
        newest = releases.newest
        if newest is None:
            self.report(f"{benchmark.folder}: no release is published, so no run of this benchmark is scored.")
            return
        release = ShownRelease.of(newest, self.source)
        all_rows = StatisticsFiles([state[path] for path in benchmark.files])
        stats = all_rows.of(release.runs)
        validation, n_rejected = self._write_comprehensive_stats(stats, release)
        main_table, board = self.source.main_table(newest, stats), None
        if main_table is None:
            self.report(f"{benchmark.folder}: release {release.name} has no main table, so it has no leaderboard.")
        else:
            board = leaderboard(self.source.name, newest["benchmark"], release.name, main_table, self.clock, n_rejected)
            self.write(LEADERBOARD, board)
        if known_pairs is None:
            main_scores = stats.read(COLUMNS, is_main_score)
            known_pairs = pairs(self.source.name, newest["benchmark"], release, main_scores, main_table)
        self._write_all(PAIRS, known_pairs)
        self.write(CHECKS, check_table(self.source.name, newest["benchmark"], release.name, validation.checks(board)))
        for contract in self.source.published_contracts:
            self._write_published_tables(contract, newest["benchmark"], releases, all_rows, known_checks)

    def _write_published_tables(
        self, contract: Table, benchmark: str, releases: Releases, stats: StatisticsFiles, known_checks: pa.Table
    ) -> None:
        """Write the source's own tables, and their checks; older releases keep the checks that they had."""
        remembered = releases.names
        for row in releases.with_cells(older=self.older_releases):
            checks = [Check.from_problems(PUBLISHED_CELLS, 0, (), is_blocking=False)]
            for piece in self.source.published_tables(row, stats):
                self.write(contract, piece)
                checks.append(check_cells(contract, piece, self.source.disagreements(piece)))
            if len(row[CELLS]):  # Without cells there is nothing to compare.
                self.write(CHECKS, check_table(self.source.name, benchmark, row["release"], merge_checks(checks)))
            remembered = remembered - {row["release"]}
        self.write(CHECKS, remembered_cells(known_checks, benchmark, remembered))

    def _write_comprehensive_stats(
        self, stats: StatisticsFiles, release: ShownRelease
    ) -> tuple[Validation, Counter[ModelKey]]:
        """Write the rows of comprehensive_stats, and return their validation and the rejects of each model."""
        n_rows = count_rows(stats)
        validation, n_rejected = Validation(release, n_rows), Counter[ModelKey]()
        for part, rows in scored_runs(stats, n_rows, release, self.clock):
            validation.add(part, rows)
            n_rejected.update(rejected_of_models(rows))
            self.write(COMPREHENSIVE_STATS, rows)
        return validation, n_rejected

    def _write_all(self, table: Table, pieces: Pieces) -> None:
        for piece in pieces:
            self.write(table, piece)
