"""Build the files of one source's scores, benchmark by benchmark, with only a piece of each table in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.identities import IDENTITIES
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import TableWriter, read_table
from every_eval.contracts.repo_layout import latest_path
from every_eval.contracts.scanning import scan_table
from every_eval.contracts.scores_tables import SPANNING_TABLES
from every_eval.contracts.table import Table
from every_eval.hub.hub import Snapshot
from every_eval.scoring.benchmark_part import BenchmarkPart
from every_eval.scoring.benchmark_scorer import BenchmarkScorer
from every_eval.scoring.change_detection import BenchmarkState
from every_eval.scoring.isolation import Omissions
from every_eval.scoring.presentation.news import NEWS_SCHEMA, select_news_rows
from every_eval.scoring.previous_scores import PreviousScores
from every_eval.scoring.source_comparisons import SourceComparisons
from every_eval.scoring.state.state_updater import StateUpdater
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.cross_benchmark import cross_benchmark
from every_eval.scoring.tables.cross_source import cross_source
from every_eval.scoring.tables.identities import NAME_COLUMNS, Name, identities, names_in
from every_eval.scoring.tables.registry import Registry
from every_eval.scoring.tables.scenario_scores import SCHEMA as SCENARIO_SCHEMA
from every_eval.scoring.tables.scenario_scores import select_scenario_scores
from every_eval.sources.source import Source

NOT_OF_BENCHMARKS: Final = (CHECKS, CROSS_BENCHMARK, *SPANNING_TABLES)
"""Tables that are made over all benchmarks; the rows of all other tables belong to one benchmark each."""


@dataclass
class BuiltScores:
    """What building gives beside the files of the tables."""

    state: dict[str, Path] = field(default_factory=dict)
    """Local files of the state, by path in the scores repo."""
    leaderboard: pa.Table = field(default_factory=LEADERBOARD.schema.empty_table)
    news_rows: pa.Table = field(default_factory=NEWS_SCHEMA.empty_table)
    """Rows of comprehensive_stats that the news is made from."""
    scenario_scores: pa.Table = field(default_factory=SCENARIO_SCHEMA.empty_table)
    """Scores in scenarios, which cross_benchmark is made from."""
    names: set[Name] = field(default_factory=set)
    """Names of models and scenarios in comprehensive_stats."""
    disagreements: pa.Table | None = None
    """Cells of the source's own tables that differ from ours; null if the source publishes no such tables."""
    checks: pa.Table = field(default_factory=lambda: CHECKS.empty)
    omissions: Sequence[Omissions] = ()
    """What is left out of each benchmark's scores."""
    without_state: set[str] = field(default_factory=set)
    """Folders of benchmarks whose state could not be updated, so that the published state stays."""

    def keep(self, source: Source, table: Table, rows: pa.Table) -> None:
        """Keep what is needed of rows that were written: the leaderboard, the news, the checks."""
        if table is LEADERBOARD:
            self.leaderboard = pa.concat_tables([self.leaderboard, rows])
        elif table is COMPREHENSIVE_STATS:
            self.news_rows = pa.concat_tables([self.news_rows, select_news_rows(rows)])
            self.scenario_scores = pa.concat_tables([self.scenario_scores, select_scenario_scores(rows)])
            self.names |= names_in(rows)
        elif table is CHECKS:
            self.checks = pa.concat_tables([self.checks, CHECKS.decode(rows)])
        elif table in source.published_contracts:
            known = [] if self.disagreements is None else [self.disagreements]
            self.disagreements = pa.concat_tables([*known, source.disagreements(rows)])


@dataclass(frozen=True)
class ScoresBuilder:
    """Builds the tables of a source from the published shards."""

    source: Source
    sources: Sequence[Source]
    """All sources whose scores are in the scores repo: cross_source spans them."""
    clock: Clock
    older_releases: bool
    """Whether to recompute the source's own tables of all releases, or of the newest release alone."""
    min_coverage: float
    """Least share of the columns with scores in which a model needs a score to be ranked."""
    registry: Registry
    """Entries of evaleval's registry of names."""
    report: Callable[[str], object]
    metadata: Mapping[str, str]
    """Metadata of every file that belongs to this source alone."""

    def build(
        self,
        benchmarks: Sequence[BenchmarkState],
        updater: StateUpdater,
        previous: PreviousScores,
        files: Mapping[Table, Path],
    ) -> BuiltScores:
        """Update the state, score each benchmark, and write the files.

        The rows of a benchmark are written as they are made. So if something of a benchmark turns out to be impossible
        to score, all files are written again without it.

        Args:
            benchmarks: The benchmarks.
            updater: Updates the state.
            previous: Scores published last; the comparisons of a benchmark that did not change are taken from them.
            files: Where each table is written.
        """
        parts = [BenchmarkPart(one, updater, previous, Omissions(one.folder)) for one in benchmarks]
        while True:
            known = [part.omissions.problems for part in parts]
            built = self._write(parts, updater.scores, files)
            if known == [part.omissions.problems for part in parts]:
                return built

    def _write(self, parts: Sequence[BenchmarkPart], scores: Snapshot, files: Mapping[Table, Path]) -> BuiltScores:
        built = BuiltScores(omissions=[part.omissions for part in parts])
        with ExitStack() as stack:
            writers = {
                table.name: stack.enter_context(TableWriter(table, file, self._metadata(table)))
                for table, file in files.items()
            }

            def write(table: Table, rows: pa.Table) -> None:
                writers[table.name].write(rows)
                built.keep(self.source, table, rows)

            options = (self.older_releases, self.min_coverage)
            scorer = BenchmarkScorer(self.source, self.clock, *options, self.report, write)
            for part in parts:
                part.score(scorer, [table for table in files if table not in NOT_OF_BENCHMARKS])
                built.state.update(part.state or {})
                if part.state is None:
                    built.without_state.add(part.benchmark.folder)
            write(CROSS_BENCHMARK, cross_benchmark(built.leaderboard, built.scenario_scores))
            boards = [built.leaderboard, *self._other_leaderboards(scores)]
            write(CROSS_SOURCE, cross_source(boards, self._comparisons(parts, scores, built).by_model(boards)))
            write(IDENTITIES, identities(built.names.union(*self._other_names(scores)), self.registry))
        return built

    def _comparisons(self, parts: Sequence[BenchmarkPart], scores: Snapshot, built: BuiltScores) -> SourceComparisons:
        paths = {part.benchmark.folder: part.benchmark.paths for part in parts if part.state is not None}
        rescored = {part.benchmark.folder for part in parts if part.is_rescored}
        sources = {source.name: source for source in self.sources}
        return SourceComparisons(sources, scores, built.state, paths, rescored)

    def _metadata(self, table: Table) -> dict[str, str]:
        return {} if table in SPANNING_TABLES else dict(self.metadata)

    def _other_names(self, scores: Snapshot) -> Iterator[set[Name]]:
        """Yield the names in the published comprehensive_stats of the other sources."""
        for source in self.sources:
            path = latest_path(COMPREHENSIVE_STATS, source.name)
            if source.name != self.source.name and path in scores.files:
                yield from map(names_in, scan_table(COMPREHENSIVE_STATS, scores.fetch(path), NAME_COLUMNS))

    def _other_leaderboards(self, scores: Snapshot) -> Iterator[pa.Table]:
        """Yield the published leaderboards of the other sources."""
        for source in self.sources:
            path = latest_path(LEADERBOARD, source.name)
            if source.name != self.source.name and path in scores.files:
                yield read_table(LEADERBOARD, [scores.fetch(path)])
