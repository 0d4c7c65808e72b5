"""The scores repo: what is new in the data repo becomes a new leaderboard, in one commit."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import TableWriter, read_table
from every_eval.contracts.table import Table
from every_eval.hub.cards import CARD
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.sources.source import Source
from every_eval.statistics.benchmark_scores import BenchmarkScorer
from every_eval.statistics.comprehensive import Clock
from every_eval.statistics.folding import Folder, Reading
from every_eval.statistics.scores_card import card_add, latest_name
from every_eval.statistics.state import Folding, stale, wanted

N_PREVIEW = 10


@dataclass
class Scored:
    """What one run of the daily job found or made."""

    shards_total: int
    data_commit: str | None
    is_new: bool = True
    """Whether anything was published."""
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
        return (COMPREHENSIVE_STATS, LEADERBOARD, *self.source.published_contracts)

    def run(self) -> Scored:
        """Publish the scores of what is new, and tell what the newest scores are.

        Raises:
            HubUnavailable, PublishConflict: the Hub did not answer, or not take the commit.
            ContractViolation: what is published, or what would be, breaks a contract.
        """
        data = self.hub.snapshot(self.data_repo)
        foldings = list(wanted(data, self.source.name))
        scores = self.hub.snapshot(self.scores_repo)
        scored = _scored(data, foldings)
        if foldings and (self.force or not self._is_current(scores, foldings)):
            with tempfile.TemporaryDirectory() as workdir:

                def plan(head: Snapshot) -> Sequence[Change]:
                    scored.reading = Reading()
                    return self._plan(data, head, foldings, Path(workdir), scored.reading)

                scores = publish(self.hub, self.scores_repo, f"Score {self.source.name}", plan)
        else:
            scored.is_new = False
        self._show(scores, scored)
        return scored

    def path(self, table: Table) -> str:
        """Where the newest file of a table is in the scores repo."""
        return f"latest/{latest_name(table, self.source.name)}"

    def _is_current(self, scores: Snapshot, foldings: Sequence[Folding]) -> bool:
        needed = {CARD, *map(self.path, self.tables)}
        needed.update(*(folding.paths for folding in foldings))
        return needed <= scores.files.keys() and not stale(scores, foldings, self.source.name)

    def _plan(
        self, data: Snapshot, head: Snapshot, foldings: Sequence[Folding], workdir: Path, reading: Reading
    ) -> Sequence[Change]:
        folder = Folder(data, head, workdir, reading, self.force)
        now = self.clock().replace(microsecond=0)
        clock = Clock(now, (data.committed_at or now).replace(microsecond=0))
        benchmarks = BenchmarkScorer(self.source, clock, self.older_releases, self.report)
        metadata = {"data_repo": self.data_repo, "data_commit": data.commit or ""}
        files = {table: workdir / f"{table.name}.parquet" for table in self.tables}
        changes: list[Change] = []
        boards: list[pa.Table] = [LEADERBOARD.schema.empty_table()]
        with ExitStack() as stack:
            writers = {table.name: stack.enter_context(TableWriter(table, files[table], metadata)) for table in files}
            for folding in foldings:
                state = folder.fold(folding)
                changes += [Add(path, local) for path, local in state.items()]
                rows = benchmarks.tables(folding, state)
                for name, table in rows.items():
                    writers[name].write(table)
                boards += [rows[LEADERBOARD.name]] if LEADERBOARD.name in rows else []
        stamp = f"{COMPREHENSIVE_STATS.name}_{self.source.name}_{now:%Y%m%d_%H%M%S}.parquet"
        changes += [Add(self.path(table), file) for table, file in files.items()]
        changes.append(Add(stamp, files[COMPREHENSIVE_STATS]))
        changes.append(card_add(self.scores_repo, self.source.name, self.tables, pa.concat_tables(boards)))
        return [*changes, *map(Delete, stale(head, foldings, self.source.name))]

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


def _scored(data: Snapshot, foldings: Sequence[Folding]) -> Scored:
    n_shards = sum(len(shards) for folding in foldings for shards in folding.files.values())
    return Scored(n_shards, data.commit)


def _first_rows(file: Path) -> list[dict[str, Any]]:
    batch = next(pq.ParquetFile(file).iter_batches(N_PREVIEW), None)
    rows: list[dict[str, Any]] = [] if batch is None else batch.to_pylist()
    return rows
