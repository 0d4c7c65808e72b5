"""The scores of the bundled sample, benchmark by benchmark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.releases import RELEASES
from every_eval.contracts.stats import STATS
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.leaderboard import leaderboard
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.helm.tables.standings import standings
from every_eval.sources.main_table import MainTable
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.scoring.run_stats import scored

CLOCK = Clock(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class RealBenchmark:
    """The scores of a benchmark's newest release."""

    name: str
    release: ShownRelease
    stats: pa.Table
    """Statistics of the runs that the release shows."""
    main_table: MainTable
    comprehensive: pa.Table
    board: pa.Table


RealScores = Sequence[RealBenchmark]


def score(published: Publishing) -> RealScores:
    """Score the newest release of each published benchmark."""
    stats = published.rows(STATS)
    newest = [row for row in published.rows(RELEASES).to_pylist() if row["is_newest"]]
    return [_score(row, stats.filter(pc.field("benchmark") == row["benchmark"])) for row in newest]


def _score(row: Mapping[str, Any], stats: pa.Table) -> RealBenchmark:
    name, release = row["benchmark"], ShownRelease.of(row, HelmSource())
    pairs = zip(stats["suite"].to_pylist(), stats["run"].to_pylist(), strict=True)
    of_runs = stats.filter(pa.array([pair in release.runs for pair in pairs]))
    table = standings(row, of_runs)
    assert table is not None
    board = leaderboard("helm", name, release.name, table, CLOCK)
    return RealBenchmark(name, release, of_runs, table, scored(of_runs, release, CLOCK), board)
