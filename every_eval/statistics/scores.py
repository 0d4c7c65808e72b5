"""The scores repo: what is new in the data repo becomes a new leaderboard, in one commit."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.parquet import TableWriter, read_table
from every_eval.contracts.table import Table
from every_eval.errors import ContractViolation
from every_eval.hub.cards import CARD
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.sources import SOURCES
from every_eval.sources.shards import folder_name
from every_eval.sources.source import Source
from every_eval.statistics.benchmark_scores import BenchmarkScorer
from every_eval.statistics.checks import Check, merge
from every_eval.statistics.comprehensive import Clock
from every_eval.statistics.cross_benchmark import cross_benchmark
from every_eval.statistics.cross_source import cross_source
from every_eval.statistics.folding import Folder, Reading
from every_eval.statistics.report import NEWS_COLUMNS, news
from every_eval.statistics.scores_card import card_add, latest_name
from every_eval.statistics.state import Folding, stale, wanted
from every_eval.statistics.validation import check_sizes

N_PREVIEW = 10


@dataclass
class Scored:
    """What one run of the daily job found or made."""

    shards_total: int
    data_commit: str | None
    is_new: bool = True
    """Whether anything was published."""
    duration_seconds: float = 0.0
    reading: Reading = field(default_factory=Reading)
    n_rows: dict[str, int] = field(default_factory=dict)
    """Rows of each table's newest file."""
    n_bytes: dict[str, int] = field(default_factory=dict)
    """Bytes of each table's newest file."""
    previews: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The first rows of each table's newest file."""
    leaderboard: pa.Table = field(default_factory=LEADERBOARD.schema.empty_table)
    disagreements: pa.Table | None = None
    """Cells of published tables that differ from ours; null where the source publishes none."""
    checks: Sequence[Check] = ()
    """What validation says of what was made; nothing, where nothing was."""
    news: str = ""
    """What is new since the last leaderboard, as Markdown."""


@dataclass(frozen=True)
class Scorer:
    """Brings a source's scores up to what is published."""

    source: Source
    hub: Hub
    data_repo: str
    scores_repo: str
    clock: Callable[[], datetime]
    report: Callable[[str], object]
    force: bool = False
    """Make everything anew, whether or not anything is."""
    older_releases: bool = False
    """Recompute the published tables of all releases."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that have a newest file in the scores repo."""
        own = self.source.published_contracts
        return (COMPREHENSIVE_STATS, LEADERBOARD, PAIRS, CROSS_BENCHMARK, CROSS_SOURCE, *own)

    def run(self) -> Scored:
        """Publish the scores of what is new, and tell what the newest scores are.

        Raises:
            HubUnavailable, PublishConflict: the Hub did not answer, or not take the commit.
            ContractViolation: what is published, or what would be, breaks a contract.
        """
        started = time.monotonic()
        data = self.hub.snapshot(self.data_repo)
        foldings = list(wanted(data, self.source.name))
        scores = self.hub.snapshot(self.scores_repo)
        scored = _scored(data, foldings)
        if foldings and (self.force or not self._is_current(scores, foldings)):
            with tempfile.TemporaryDirectory() as workdir:

                def plan(head: Snapshot) -> Sequence[Change]:
                    scored.reading = Reading()
                    return self._plan(data, head, foldings, Path(workdir), scored)

                scores = publish(self.hub, self.scores_repo, f"Score {self.source.name}", plan)
        else:
            scored.is_new = False
        self._show(scores, scored)
        scored.duration_seconds = time.monotonic() - started
        return scored

    def path(self, table: Table) -> str:
        """Where the newest file of a table is in the scores repo."""
        return f"latest/{latest_name(table, self.source.name)}"

    def _is_current(self, scores: Snapshot, foldings: Sequence[Folding]) -> bool:
        needed = {CARD, *map(self.path, self.tables)}
        needed.update(*(folding.paths for folding in foldings))
        return needed <= scores.files.keys() and not stale(scores, foldings, self.source.name)

    def _plan(
        self, data: Snapshot, head: Snapshot, foldings: Sequence[Folding], workdir: Path, scored: Scored
    ) -> Sequence[Change]:
        now = self.clock().replace(microsecond=0)
        clock = Clock(now, (data.committed_at or now).replace(microsecond=0))
        files = {table: workdir / f"{table.name}.parquet" for table in self.tables}
        made = self._make(_Making(data, head, foldings, workdir, scored, clock), files)
        previous = self._previous(head)
        checks = merge([*made.checks, check_sizes(previous.leaderboard, made.leaderboard, force=self.force)])
        broken = [check for check in checks if check.is_blocking and not check.passed]
        if broken:
            raise ContractViolation("; ".join(f"{check.name}: {', '.join(check.problems[:5])}" for check in broken))
        statistics = pq.read_table(files[COMPREHENSIVE_STATS], columns=list(NEWS_COLUMNS))
        scored.news = news(made.leaderboard, statistics, previous.leaderboard, previous.statistics)
        scored.checks = checks
        stamp = f"{COMPREHENSIVE_STATS.name}_{self.source.name}_{now:%Y%m%d_%H%M%S}.parquet"
        return [
            *made.changes,
            *(Add(self.path(table), file) for table, file in files.items()),
            Add(stamp, files[COMPREHENSIVE_STATS]),
            self._card(head, files, made.leaderboard),
            *map(Delete, stale(head, foldings, self.source.name)),
        ]

    def _make(self, making: "_Making", files: Mapping[Table, Path]) -> "_Made":
        """Fold and score benchmark after benchmark, writing the tables as their rows come."""
        folder = Folder(making.data, making.head, making.workdir, making.scored.reading, self.force)
        scorer = BenchmarkScorer(self.source, making.clock, self.older_releases, self.report)
        metadata = {"data_repo": self.data_repo, "data_commit": making.data.commit or ""}
        compared = self._compared(making.head)
        made = _Made()
        with ExitStack() as stack:
            # What is of all sources depends on no commit of one.
            noted = {table: {} if table is CROSS_SOURCE else metadata for table in files}
            writers = {
                table.name: stack.enter_context(TableWriter(table, file, noted[table])) for table, file in files.items()
            }
            for folding in making.foldings:
                is_folded = folding.paths <= making.head.files.keys()
                state = folder.fold(folding)
                made.changes += [Add(path, local) for path, local in state.items()]
                scores = scorer.score(folding, state, compared.get(folding.folder) if is_folded else None)
                for name, rows in scores.tables.items():
                    writers[name].write(rows)
                made.leaderboard = pa.concat_tables([made.leaderboard, scores.leaderboard])
                made.checks += scores.checks
            writers[CROSS_BENCHMARK.name].write(cross_benchmark(made.leaderboard))
            writers[CROSS_SOURCE.name].write(cross_source([made.leaderboard, *self._other_leaderboards(making.head)]))
        return made

    def _other_leaderboards(self, head: Snapshot) -> Iterator[pa.Table]:
        """The newest leaderboards of the other sources."""
        for source in SOURCES:
            path = f"latest/{latest_name(LEADERBOARD, source.name)}"
            if source.name != self.source.name and path in head.files:
                yield read_table(LEADERBOARD, [head.fetch(path)])

    def _compared(self, head: Snapshot) -> Mapping[str, pa.Table]:
        """The pairs as they were last published, by the folder of their benchmark; none if all is made anew."""
        path = self.path(PAIRS)
        if self.force or path not in head.files:
            return {}
        rows = read_table(PAIRS, [head.fetch(path)])
        benchmarks = pc.unique(rows["benchmark"]).to_pylist()
        return {folder_name(self.source.name, name): rows.filter(pc.field("benchmark") == name) for name in benchmarks}

    def _previous(self, head: Snapshot) -> "_Previous":
        paths = {table: self.path(table) for table in (LEADERBOARD, COMPREHENSIVE_STATS)}
        if any(path not in head.files for path in paths.values()):
            return _Previous()
        return _Previous(
            read_table(LEADERBOARD, [head.fetch(paths[LEADERBOARD])]),
            pq.read_table(head.fetch(paths[COMPREHENSIVE_STATS]), columns=list(NEWS_COLUMNS)),
        )

    def _card(self, head: Snapshot, files: Mapping[Table, Path], board: pa.Table) -> Add:
        n_rows = {table: pq.read_metadata(file).num_rows for table, file in files.items()}
        return card_add(self.scores_repo, self.source.name, board, head=head, data_repo=self.data_repo, n_rows=n_rows)

    def _show(self, scores: Snapshot, scored: Scored) -> None:
        """Note what the newest files hold."""
        files = {table: scores.fetch(self.path(table)) for table in self.tables if self.path(table) in scores.files}
        for table, file in files.items():
            scored.n_rows[table.name] = pq.read_metadata(file).num_rows
            scored.n_bytes[table.name] = scores.files[self.path(table)].size
            scored.previews[table.name] = _first_rows(file)
        if LEADERBOARD in files:
            scored.leaderboard = read_table(LEADERBOARD, [files[LEADERBOARD]])
        for table in self.source.published_contracts:
            if table in files:
                scored.disagreements = self.source.disagreements(read_table(table, [files[table]]))


@dataclass(frozen=True)
class _Making:
    """What the tables are made from."""

    data: Snapshot
    head: Snapshot
    foldings: Sequence[Folding]
    workdir: Path
    scored: Scored
    clock: Clock


@dataclass
class _Made:
    """What was made, beside the files."""

    changes: list[Change] = field(default_factory=list)
    leaderboard: pa.Table = field(default_factory=LEADERBOARD.schema.empty_table)
    checks: list[Check] = field(default_factory=list)


@dataclass(frozen=True)
class _Previous:
    """What was published last; null where nothing was."""

    leaderboard: pa.Table | None = None
    statistics: pa.Table | None = None


def _scored(data: Snapshot, foldings: Sequence[Folding]) -> Scored:
    n_shards = sum(len(shards) for folding in foldings for shards in folding.files.values())
    return Scored(n_shards, data.commit)


def _first_rows(file: Path) -> list[dict[str, Any]]:
    batch = next(pq.ParquetFile(file).iter_batches(N_PREVIEW), None)
    rows: list[dict[str, Any]] = [] if batch is None else batch.to_pylist()
    return rows
