"""The scores of the bundled sample, table by table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.releases import RELEASES
from every_eval.contracts.stats import STATS
from every_eval.scoring.tables.comprehensive import Clock, Shown
from every_eval.scoring.tables.leaderboard import leaderboard
from every_eval.sources.helm.main_table import directions, standings
from every_eval.sources.main_table import MainTable
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.scoring.run_stats import scored

CLOCK = Clock(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class RealBenchmark:
    """The scores of a benchmark's newest release."""

    name: str
    shown: Shown
    stats: pa.Table
    """Of the runs shown."""
    main_table: MainTable
    comprehensive: pa.Table
    board: pa.Table


RealScores = Sequence[RealBenchmark]


def score(published: Publishing) -> RealScores:
    """The scores of what is published."""
    stats = published.rows(STATS)
    newest = [release for release in published.rows(RELEASES).to_pylist() if release["is_newest"]]
    return [_score(release, stats.filter(pc.field("benchmark") == release["benchmark"])) for release in newest]


def _score(release: Mapping[str, Any], stats: pa.Table) -> RealBenchmark:
    name, runs = release["benchmark"], frozenset((run["suite"], run["run"]) for run in release["runs"])
    shown = Shown(release["release"], runs, directions(release))
    pairs = zip(stats["suite"].to_pylist(), stats["run"].to_pylist(), strict=True)
    of_runs = stats.filter(pa.array([pair in runs for pair in pairs]))
    table = standings(release, of_runs)
    assert table is not None
    board = leaderboard("helm", name, shown.release, table, CLOCK)
    return RealBenchmark(name, shown, of_runs, table, scored(of_runs, shown, CLOCK), board)
