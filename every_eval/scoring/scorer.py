"""Bring the scores repo up to date: score what is new in the data repo, and publish the scores in one commit."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD, MIN_COVERAGE
from every_eval.contracts.repo_layout import csv_path, dated_path, dated_paths, latest_path, picture_path
from every_eval.contracts.scores_tables import SPANNING_TABLES, TABLES_OF_SOURCE
from every_eval.contracts.state import STATE
from every_eval.contracts.table import Table
from every_eval.hub.cards import CARD
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.hub.work_folders import work_folder
from every_eval.network.unexpected import program_version
from every_eval.scoring.build import BuiltScores, ScoresBuilder
from every_eval.scoring.change_detection import BenchmarkState, data_fingerprint, expected_state, outdated_files
from every_eval.scoring.checks.check import Check
from every_eval.scoring.checks.check_table import (
    LeftOut,
    left_out,
    published_cells,
    uncompared_releases,
    validation_checks,
)
from every_eval.scoring.isolation import inputs_digest, left_out_inputs
from every_eval.scoring.presentation.leaderboard_csv import leaderboard_csv
from every_eval.scoring.presentation.leaderboard_plot import plot_png
from every_eval.scoring.presentation.news import news_markdown
from every_eval.scoring.presentation.published_table import PublishedTable
from every_eval.scoring.presentation.scores_card import ScoresCard
from every_eval.scoring.previous_scores import PreviousScores
from every_eval.scoring.standing_checks import standing_checks
from every_eval.scoring.state.state_updater import FetchCounter, StateUpdater
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.registry import read_registry
from every_eval.sources.source import Source


@dataclass
class Scored:
    """What one run of the daily job did for a source, and what is published now."""

    shards_total: int
    """Number of published shards."""
    data_commit: str | None
    """Commit of the data repo that was read."""
    is_new: bool = True
    """Whether this run published scores; if not, nothing was new."""
    duration_seconds: float = 0.0
    fetched: FetchCounter = field(default_factory=FetchCounter)
    published: dict[str, PublishedTable] = field(default_factory=dict)
    """Every published table of the source and across sources, by the table's name; empty if none is published."""
    leaderboard: pa.Table = field(default_factory=LEADERBOARD.schema.empty_table)
    disagreements: pa.Table | None = None
    """Cells of the source's own tables that differ from ours; null if the source publishes no such tables."""
    checks: Sequence[Check] = ()
    """Checks of our own numbers in all published scores of the source, whether or not anything was new."""
    cells: Check | None = None
    """Check of the source's own tables, over all releases that were ever recomputed; null if there are none."""
    uncompared: Sequence[str] = ()
    """Releases with such tables of which no cell could be compared."""
    left_out: Sequence[LeftOut] = ()
    """What could not be scored, whether or not anything was new."""
    traces: Sequence[str] = ()
    """What this run found to be impossible to score, each with the trace of an error that nobody foresaw."""
    news: str = ""
    """What differs from the scores published before, as Markdown; empty if nothing was new."""


@dataclass(frozen=True)
class Scorer:
    """Scores one source."""

    source: Source
    sources: Sequence[Source]
    """All sources whose scores are in the scores repo, in the order in which its card shows them."""
    hub: Hub
    data_repo: str
    scores_repo: str
    clock: Callable[[], datetime]
    report: Callable[[str], object]
    """Takes lines for the log."""
    force: bool = False
    """Whether to read every shard again and publish, whether or not anything is new."""
    older_releases: bool = False
    """Whether to recompute the source's own tables of all releases."""
    dated_files: int | None = None
    """Number of dated files of comprehensive_stats that stay, the newest; null to keep all."""
    min_coverage: float = MIN_COVERAGE
    """Least share of the columns with scores in which a model needs a score to be ranked."""
    registry: Path | None = None
    """Where evaleval's registry of names is; null for none."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that have one newest file each; the state has several files beside them."""
        return (*TABLES_OF_SOURCE, *SPANNING_TABLES, CHECKS, *self.source.published_contracts)

    def run(self) -> Scored:
        """Publish the scores if anything is new, and describe the scores that are published then.

        Raises:
            HubUnavailable, PublishConflict: the Hub did not answer, or did not accept the commit.
            ContractViolation: tables over all benchmarks break a contract. A benchmark, release or run that cannot be
                scored raises nothing: it is left out.
        """
        started = time.monotonic()
        data = self.hub.snapshot(self.data_repo)
        benchmarks = list(expected_state(data, self.source.name))
        scores = self.hub.snapshot(self.scores_repo)
        scored = Scored(sum(len(shards) for one in benchmarks for shards in one.files.values()), data.commit)
        if benchmarks and (self.force or not self._is_current(scores, benchmarks)):
            with work_folder() as workdir:

                def plan(head: Snapshot) -> Sequence[Change]:
                    scored.fetched = FetchCounter()
                    return self._plan(data, head, benchmarks, workdir, scored)

                title = f"Score {self.source.name} from {self.data_repo} at {data.commit}"
                publish(self.hub, self.scores_repo, title, plan)
        else:
            scored.is_new = False
            self._describe_published(scores, benchmarks, scored)
        scored.duration_seconds = time.monotonic() - started
        return scored

    def path(self, table: Table) -> str:
        """Return the path of a table's newest file in the scores repo."""
        return latest_path(table, self.source.name)

    def _is_current(self, scores: Snapshot, benchmarks: Sequence[BenchmarkState]) -> bool:
        """Tell whether the published scores are made from what is published, as far as that can be scored."""
        if not {CARD, csv_path(self.source.name), *map(self.path, self.tables)} <= scores.files.keys():
            return False
        known = left_out_inputs(self.source.name, PreviousScores(scores, self.source).checks)
        gone = (BenchmarkState(folder) for folder in known.keys() - {one.folder for one in benchmarks})
        is_current = all(
            known[one.folder] == {(inputs_digest(one), program_version())}
            if one.folder in known
            else one.paths <= scores.files.keys()
            for one in (*benchmarks, *gone)
        )
        return is_current and not outdated_files(scores, benchmarks, self.source.name, known.keys())

    def _plan(
        self, data: Snapshot, head: Snapshot, benchmarks: Sequence[BenchmarkState], workdir: Path, scored: Scored
    ) -> Sequence[Change]:
        """Build the scores on `head`, note them in `scored`, and return the changes to commit."""
        now = self.clock().replace(microsecond=0)
        clock = Clock(now, (data.committed_at or now).replace(microsecond=0))
        files = {table: workdir / f"{table.name}.parquet" for table in self.tables}
        previous = PreviousScores(head, self.source)
        folders = {one.folder for one in benchmarks}
        gone = (BenchmarkState(folder) for folder in previous.folders if folder not in folders)
        benchmarks = [*benchmarks, *gone]
        # The commit's title names the data's commit. Files do not: a folder and the Hub name it differently.
        metadata = {"data_repo": self.data_repo, "data_fingerprint": data_fingerprint(data, benchmarks)}
        options = (self.older_releases, self.min_coverage, read_registry(self.registry))
        builder = ScoresBuilder(self.source, self.sources, clock, *options, self.report, metadata)
        updater = StateUpdater(data, head, workdir, scored.fetched, self.force)
        built = builder.build(benchmarks, updater, previous, files)
        scored.checks, scored.left_out = validation_checks(built.checks), left_out(built.checks)
        scored.cells, scored.uncompared = published_cells(built.checks), uncompared_releases(built.checks)
        scored.traces = [problem.trace for omitted in built.omissions for problem in omitted.problems]
        scored.leaderboard, scored.disagreements = built.leaderboard, built.disagreements
        scored.news = news_markdown(built.leaderboard, built.news_rows, previous.leaderboard, previous.news_rows)
        scored.published = self._describe_built(benchmarks, built, files)
        return [
            *(Add(path, local) for path, local in built.state.items()),
            *(Add(self.path(table), file) for table, file in files.items()),
            Add(dated_path(COMPREHENSIVE_STATS, self.source.name, now), files[COMPREHENSIVE_STATS]),
            Add(csv_path(self.source.name), leaderboard_csv(built.leaderboard)),
            *self._picture(built.leaderboard),
            Add(CARD, self._card(head, files, built.leaderboard)),
            *map(Delete, self._surplus_files(head)),
            *map(Delete, outdated_files(head, benchmarks, self.source.name, built.without_state)),
        ]

    def _surplus_files(self, head: Snapshot) -> Sequence[str]:
        """Return the dated files that do not stay beside the new one."""
        dated = dated_paths(COMPREHENSIVE_STATS, self.source.name, head.files)
        return () if self.dated_files is None else dated[: max(0, len(dated) + 1 - self.dated_files)]

    def _card(self, head: Snapshot, files: Mapping[Table, Path], board: pa.Table) -> bytes:
        n_rows = {table: pq.read_metadata(file).num_rows for table, file in files.items()}
        return ScoresCard(self.scores_repo, self.data_repo, self.sources).render(self.source, board, n_rows, head)

    def _picture(self, board: pa.Table) -> Iterator[Change]:
        if board.num_rows:
            yield Add(picture_path(self.source.name), plot_png(board))

    def _describe_built(
        self, benchmarks: Sequence[BenchmarkState], built: BuiltScores, files: Mapping[Table, Path]
    ) -> dict[str, PublishedTable]:
        paths = (path for benchmark in benchmarks for path in benchmark.files)
        state = {path: built.state[path] for path in paths if path in built.state}
        tables = {table.name: {self.path(table): file} for table, file in files.items()} | {STATE.name: state}
        return {name: PublishedTable.from_local(local) for name, local in tables.items() if local}

    def _describe_published(self, scores: Snapshot, benchmarks: Sequence[BenchmarkState], scored: Scored) -> None:
        """Note in `scored` what is published already."""
        tables = {table.name: [self.path(table)] for table in self.tables}
        tables[STATE.name] = [path for benchmark in benchmarks for path in benchmark.files]
        for name, paths in tables.items():
            there = [path for path in paths if path in scores.files]
            if there:
                scored.published[name] = PublishedTable.from_snapshot(scores, there)
        standing = standing_checks(scores, self.source)
        scored.checks, scored.cells, scored.disagreements = standing.validation, standing.cells, standing.disagreements
        scored.uncompared, scored.left_out = standing.uncompared, standing.left_out
        previous = PreviousScores(scores, self.source)
        if previous.leaderboard is not None:
            scored.leaderboard = previous.leaderboard
