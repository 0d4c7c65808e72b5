"""Make one benchmark's rows of every table of the scores repo, and write them as they are made."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.table import Table
from every_eval.scoring.change_detection import BenchmarkState
from every_eval.scoring.checks.check import Check, merge_checks, raise_for
from every_eval.scoring.checks.check_table import PUBLISHED_CELLS, check_cells, check_table, remembered_checks
from every_eval.scoring.checks.validation import Validation
from every_eval.scoring.compared_release import compared_release
from every_eval.scoring.isolation import Omissions, Problem, boundary, faulty_runs, inputs_digest
from every_eval.scoring.item_tables import ITEM_TABLES
from every_eval.scoring.release_tables import RELEASE_TABLES, ReleaseTables
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.compared_scores import COLUMNS, is_main_score
from every_eval.scoring.tables.pairs import pairs
from every_eval.scoring.tables.releases import CELLS, Releases, ShownRelease
from every_eval.scoring.tables.scored_runs import count_rows, scored_runs
from every_eval.sources.source import Source
from every_eval.sources.statistics_files import RunKey, StatisticsFiles

Write = Callable[[Table, pa.Table], None]
"""Takes the next rows of a table."""
Pieces = Iterable[pa.Table]
KEPT_TABLES: Final = (LEADERBOARD, PAIRS, *RELEASE_TABLES)
"""Tables whose rows of a benchmark stay as they are while nothing of the benchmark changes, but for their clock."""


@dataclass(frozen=True)
class BenchmarkScorer:
    """Scores one benchmark after another."""

    source: Source
    clock: Clock
    older_releases: bool
    """Whether to recompute the source's own tables of all releases, or of the newest release alone."""
    min_coverage: float
    """Least share of the columns with scores in which a model needs a score to be ranked."""
    report: Callable[[str], object]
    write: Write

    def score(
        self,
        benchmark: BenchmarkState,
        state: Mapping[str, Path],
        known: Mapping[str, Pieces] | None,
        known_checks: pa.Table,
        omissions: Omissions,
    ) -> pa.Table:
        """Score a benchmark's newest release, and return its leaderboard; no rows if it has none.

        Args:
            benchmark: The state files of the benchmark.
            state: Local files of the state, by path.
            known: Published rows of each of `KEPT_TABLES`, by its name, if nothing has changed since; else null, and
                `state` has the files of item scores, too.
            known_checks: Published rows of the contract `checks`.
            omissions: Runs, releases and tables that are left out. A release whose own tables cannot be recomputed is
                added, and so is a table that cannot be made; some of its rows may be written then.

        Raises:
            ContractViolation: the scores break a contract, or fail a check that blocks their publication.
        """
        releases = Releases(state[benchmark.releases] if benchmark.releases else None)
        newest = releases.newest
        if newest is None:
            self.report(f"{benchmark.folder}: no release is published, so no run of this benchmark is scored.")
            return LEADERBOARD.empty
        all_rows = StatisticsFiles([state[path] for path in benchmark.files], left_out=omissions.runs.keys())
        items = _item_scores(benchmark, state)
        board = self._score_release(newest, all_rows, items, known, omissions)
        if known is None:
            tables = ReleaseTables(self.source, self.clock, releases.in_order, all_rows, items, self.min_coverage)
            self._write_release_tables(tables, board, omissions)
        for contract in self.source.published_contracts:
            self._write_published_tables(contract, newest["benchmark"], releases, all_rows, known_checks, omissions)
        n_runs, inputs = len(newest["runs"]), inputs_digest(benchmark)
        left_out = omissions.table(self.source.name, newest["benchmark"], newest["release"], n_runs, inputs)
        self.write(CHECKS, left_out)
        return board

    def faulty_runs(self, benchmark: BenchmarkState, state: Mapping[str, Path]) -> dict[RunKey, Problem]:
        """Return the runs of the newest release that cannot be scored even alone."""
        newest = Releases(state[benchmark.releases] if benchmark.releases else None).newest
        if newest is None:
            return {}
        files, items = StatisticsFiles([state[path] for path in benchmark.files]), _item_scores(benchmark, state)
        runs = sorted(ShownRelease.of(newest, self.source).runs & count_rows(files).keys())
        trial = replace(self, write=Table.validate, report=str)

        def attempt(some: Set[RunKey]) -> Problem | None:
            problems: list[Problem] = []
            name = "/".join(next(iter(some))) if len(some) == 1 else f"{len(some)} runs"
            with boundary(name, problems.append):
                trial._score_release(newest, files.of(some), items, None, Omissions(benchmark.folder))
            return problems[0] if problems else None

        return faulty_runs(runs, attempt)

    def _score_release(
        self,
        newest: Mapping[str, Any],
        rows: StatisticsFiles,
        items: ItemScoresFiles,
        known: Mapping[str, Pieces] | None,
        omissions: Omissions,
    ) -> pa.Table:
        """Write the scores of a release, and return its leaderboard; no rows if it has none."""
        benchmark = newest["benchmark"]
        release = ShownRelease.of(newest, self.source)
        runs = release.runs if rows.runs is None else rows.runs
        release = replace(release, runs=runs - omissions.runs.keys())
        stats = rows.of(release.runs)
        validation = self._write_comprehensive_stats(stats, release)
        write = partial(self._write_comparisons, newest, release, stats, items)
        board = write() if known is None else self._write_again(known)
        if board is None:
            self.report(f"{benchmark}: release {release.name} has no main table, so it has no leaderboard.")
        checks = validation.checks(board)
        raise_for(checks)
        self.write(CHECKS, check_table(self.source.name, benchmark, release.name, checks))
        return LEADERBOARD.empty if board is None else board

    def _write_release_tables(self, tables: ReleaseTables, board: pa.Table, omissions: Omissions) -> None:
        """Write the tables that compare runs item by item, and the history; `board` is the leaderboard."""
        names = ", ".join(table.name for table in ITEM_TABLES)
        parts = {f"the tables {names}": partial(tables.write_item_tables, self.write)}
        for row in tables.releases:
            of_release = board if row is tables.releases[-1] else None
            part = partial(tables.write_history, self.write, row, of_release)
            parts[f"the history of release {row['release']}"] = part
        for name, make in parts.items():
            if name not in omissions.tables:
                with boundary(name, partial(omissions.tables.setdefault, name)):
                    make()

    def _write_comparisons(
        self, newest: Mapping[str, Any], shown: ShownRelease, stats: StatisticsFiles, items: ItemScoresFiles
    ) -> pa.Table | None:
        """Compare the models item by item, write the rows, and return the leaderboard; null if there is none."""
        with compared_release(self.source, newest, stats, items, self.min_coverage) as release:
            board = release.leaderboard(self.clock)
            if board is not None:
                self.write(LEADERBOARD, board)
            main_scores = stats.read(COLUMNS, is_main_score)
            self._write_all(PAIRS, pairs(release.place, shown, main_scores, release.store, release.table))
        return board

    def _write_again(self, known: Mapping[str, Pieces]) -> pa.Table:
        """Write the rows that were published last, and return the leaderboard."""
        rows = pa.concat_tables([LEADERBOARD.empty, *map(LEADERBOARD.decode, known[LEADERBOARD.name])])
        board = self.clock.renew(rows)
        self.write(LEADERBOARD, board)
        for table in KEPT_TABLES[1:]:
            self._write_all(table, known[table.name])
        return board

    def _write_published_tables(
        self,
        contract: Table,
        benchmark: str,
        releases: Releases,
        stats: StatisticsFiles,
        known_checks: pa.Table,
        omissions: Omissions,
    ) -> None:
        """Write the source's own tables, and their checks; older releases keep the checks that they had."""
        remembered = releases.names
        for row in releases.with_cells(older=self.older_releases):
            name = row["release"]
            remembered = remembered - {name}
            if name in omissions.releases:
                continue
            with boundary(f"the tables of release {name}", partial(omissions.releases.setdefault, name)):
                self._write_tables_of_release(contract, benchmark, row, stats)
        self.write(CHECKS, remembered_checks(known_checks, benchmark, remembered))

    def _write_tables_of_release(
        self, contract: Table, benchmark: str, release: Mapping[str, Any], stats: StatisticsFiles
    ) -> None:
        checks = [Check.from_problems(PUBLISHED_CELLS, 0, (), is_blocking=False)]
        for piece in self.source.published_tables(release, stats):
            self.write(contract, piece)
            checks.append(check_cells(contract, piece, self.source.disagreements(piece)))
        if len(release[CELLS]):  # Without cells there is nothing to compare.
            self.write(CHECKS, check_table(self.source.name, benchmark, release["release"], merge_checks(checks)))

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


def _item_scores(benchmark: BenchmarkState, state: Mapping[str, Path]) -> ItemScoresFiles:
    """Return the files of item scores; none if the published rows are kept."""
    return ItemScoresFiles([state[path] for path in benchmark.item_files if path in state])
