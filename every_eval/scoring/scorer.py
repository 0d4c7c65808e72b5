"""The scores repo: what is new in the data repo becomes a new leaderboard, in one commit."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import dated_path, latest_path
from every_eval.contracts.table import Table
from every_eval.errors import ContractViolation
from every_eval.hub.cards import CARD
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.scoring.build import Maker
from every_eval.scoring.change_detection import Folding, data_fingerprint, stale, wanted
from every_eval.scoring.checks.checks import Check, merge
from every_eval.scoring.checks.validation import check_sizes
from every_eval.scoring.presentation.newest import SHOWN, Previous, Shown, read_coded, show, show_published
from every_eval.scoring.presentation.report import news
from every_eval.scoring.presentation.scores_card import card_add
from every_eval.scoring.state.folding import Folder, Reading
from every_eval.scoring.tables.comprehensive import Clock
from every_eval.sources.source import Source


@dataclass
class Scored:
    """What one run of the daily job found or made."""

    shards_total: int
    data_commit: str | None
    is_new: bool = True
    """Whether anything was published."""
    duration_seconds: float = 0.0
    reading: Reading = field(default_factory=Reading)
    shown: dict[str, Shown] = field(default_factory=dict)
    """By table; nothing, where nothing is published."""
    leaderboard: pa.Table = field(default_factory=LEADERBOARD.schema.empty_table)
    disagreements: pa.Table | None = None
    """Cells of published tables that differ from ours; null where there are no such tables."""
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

                title = f"Score {self.source.name} from {self.data_repo} at {data.commit}"
                publish(self.hub, self.scores_repo, title, plan)
        else:
            scored.is_new = False
            self._show(scores, scored)
        scored.duration_seconds = time.monotonic() - started
        return scored

    def path(self, table: Table) -> str:
        """Where the newest file of a table is in the scores repo."""
        return latest_path(table, self.source.name)

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
        previous = Previous(head, self.source.name)
        # Each Hub names the data's commit in its own way: the commit's title says it, and the files stay the same.
        metadata = {"data_repo": self.data_repo, "data_fingerprint": data_fingerprint(data, foldings)}
        maker = Maker(self.source, clock, self.older_releases, self.report, metadata)
        made = maker.make(foldings, Folder(data, head, workdir, scored.reading, self.force), previous, files)
        checks = merge([*made.checks, check_sizes(previous.leaderboard, made.leaderboard, force=self.force)])
        broken = [check for check in checks if check.is_blocking and not check.passed]
        if broken:
            raise ContractViolation("; ".join(f"{check.name}: {', '.join(check.problems[:5])}" for check in broken))
        scored.news = news(made.leaderboard, made.newsworthy, previous.leaderboard, previous.newsworthy)
        scored.checks, scored.leaderboard, scored.disagreements = checks, made.leaderboard, made.disagreements
        scored.shown = {table.name: show(files[table]) for table in SHOWN}
        return [
            *made.changes,
            *(Add(self.path(table), file) for table, file in files.items()),
            Add(dated_path(COMPREHENSIVE_STATS, self.source.name, now), files[COMPREHENSIVE_STATS]),
            self._card(head, files, made.leaderboard),
            *map(Delete, stale(head, foldings, self.source.name)),
        ]

    def _card(self, head: Snapshot, files: Mapping[Table, Path], board: pa.Table) -> Add:
        n_rows = {table: pq.read_metadata(file).num_rows for table, file in files.items()}
        return card_add(self.scores_repo, self.source.name, board, head=head, data_repo=self.data_repo, n_rows=n_rows)

    def _show(self, scores: Snapshot, scored: Scored) -> None:
        """Note what the newest files hold."""
        there = {table: path for table in self.tables if (path := self.path(table)) in scores.files}
        scored.shown = {table.name: show_published(scores, there[table]) for table in SHOWN if table in there}
        if LEADERBOARD in there:
            scored.leaderboard = read_table(LEADERBOARD, [scores.fetch(there[LEADERBOARD])])
        for table in self.source.published_contracts:
            if table in there:
                tables = read_coded(table, scores.fetch(there[table]))
                scored.disagreements = table.decode(self.source.disagreements(tables))


def _scored(data: Snapshot, foldings: Sequence[Folding]) -> Scored:
    n_shards = sum(len(shards) for folding in foldings for shards in folding.files.values())
    return Scored(n_shards, data.commit)
