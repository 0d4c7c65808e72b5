"""The newest tables of a source, written benchmark by benchmark as their rows come."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import TableWriter, read_table
from every_eval.contracts.repo_layout import latest_path
from every_eval.contracts.table import Table
from every_eval.hub.hub import Add, Change, Snapshot
from every_eval.scoring.change_detection import Folding
from every_eval.scoring.checks.checks import Check
from every_eval.scoring.presentation.newest import Previous
from every_eval.scoring.presentation.report import NEWS_SCHEMA, newsworthy
from every_eval.scoring.state.folding import Folder
from every_eval.scoring.tables.benchmark_scores import BenchmarkScorer
from every_eval.scoring.tables.comprehensive import Clock
from every_eval.scoring.tables.cross_benchmark import cross_benchmark
from every_eval.scoring.tables.cross_source import cross_source
from every_eval.sources import SOURCES
from every_eval.sources.source import Source


@dataclass
class Made:
    """What was made beside the tables' files."""

    changes: list[Change] = field(default_factory=list)
    """Of the state."""
    leaderboard: pa.Table = field(default_factory=LEADERBOARD.schema.empty_table)
    newsworthy: pa.Table = field(default_factory=NEWS_SCHEMA.empty_table)
    """Rows of `comprehensive_stats` that news can be made of."""
    disagreements: pa.Table | None = None
    """Cells of published tables that differ from ours; null where there are no such tables."""
    checks: list[Check] = field(default_factory=list)

    def note(self, source: Source, table: Table, rows: pa.Table) -> None:
        """Keep what is told of rows of a table."""
        if table is LEADERBOARD:
            self.leaderboard = pa.concat_tables([self.leaderboard, rows])
        elif table is COMPREHENSIVE_STATS:
            self.newsworthy = pa.concat_tables([self.newsworthy, newsworthy(rows)])
        elif table in source.published_contracts:
            known = [] if self.disagreements is None else [self.disagreements]
            self.disagreements = pa.concat_tables([*known, source.disagreements(rows)])


@dataclass(frozen=True)
class Maker:
    """Makes the tables of a source from what is published."""

    source: Source
    clock: Clock
    older_releases: bool
    """Whether published tables are recomputed of all releases, or of the newest alone."""
    report: Callable[[str], object]
    metadata: Mapping[str, str]
    """Of every file that is of this source alone."""

    def make(
        self, foldings: Sequence[Folding], folder: Folder, previous: Previous, files: Mapping[Table, Path]
    ) -> Made:
        """Fold and score benchmark after benchmark, and write the files.

        Args:
            foldings: The benchmarks.
            folder: Folds them.
            previous: What was published last; the pairs of a benchmark that did not change are taken from it.
            files: Where each table is written.
        """
        made = Made()
        with ExitStack() as stack:
            writers = {
                table.name: stack.enter_context(TableWriter(table, file, self._metadata(table)))
                for table, file in files.items()
            }

            def write(table: Table, rows: pa.Table) -> None:
                writers[table.name].write(rows)
                made.note(self.source, table, rows)

            scorer = BenchmarkScorer(self.source, self.clock, self.older_releases, self.report, write)
            for folding in foldings:
                is_folded = folder.is_folded(folding)
                state = folder.fold(folding)
                made.changes += [Add(path, local) for path, local in state.items()]
                made.checks += scorer.score(folding, state, previous.pairs(folding.folder) if is_folded else None)
            write(CROSS_BENCHMARK, cross_benchmark(made.leaderboard))
            write(CROSS_SOURCE, cross_source([made.leaderboard, *self._other_leaderboards(folder.scores)]))
        return made

    def _metadata(self, table: Table) -> dict[str, str]:
        return {} if table is CROSS_SOURCE else dict(self.metadata)

    def _other_leaderboards(self, head: Snapshot) -> Iterator[pa.Table]:
        """The newest leaderboards of the other sources."""
        for source in SOURCES:
            path = latest_path(LEADERBOARD, source.name)
            if source.name != self.source.name and path in head.files:
                yield read_table(LEADERBOARD, [head.fetch(path)])
