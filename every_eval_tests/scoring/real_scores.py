"""The scores of the bundled sample, benchmark by benchmark."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.stats import STATS
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.responses.response_store import opened_store
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.compared_scores import COLUMNS
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.scoring.tables.leaderboard import leaderboard
from every_eval.scoring.tables.pairs import pairs
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.helm.tables.standings import standings
from every_eval.sources.main_table import MainTable
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.scoring.responses.item_score_rows import state_file_of
from every_eval_tests.scoring.run_stats import scored, stored

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
    pairs: pa.Table


RealScores = Sequence[RealBenchmark]


def score(published: Publishing) -> RealScores:
    """Score the newest release of each published benchmark."""
    stats, items = published.rows(STATS), published.rows(ITEM_SCORES)
    newest = [row for row in published.rows(RELEASES).to_pylist() if row["is_newest"]]
    return [
        _score(row, *(rows.filter(pc.field("benchmark") == row["benchmark"]) for rows in (stats, items)))
        for row in newest
    ]


def _score(row: Mapping[str, Any], stats: pa.Table, items: pa.Table) -> RealBenchmark:
    name, release = row["benchmark"], ShownRelease.of(row, HelmSource())
    runs = zip(stats["suite"].to_pylist(), stats["run"].to_pylist(), strict=True)
    of_runs = stats.filter(pa.array([run in release.runs for run in runs]))
    table = standings(row, of_runs)
    assert table is not None
    with tempfile.TemporaryDirectory() as folder, stored(of_runs) as state:
        files = ItemScoresFiles([state_file_of(Path(folder) / "items", items)])
        with opened_store(files, state) as store:
            place = {"source": "helm", "benchmark": name, "release": release.name}
            compared = ComparedTable.of(table, state, store, row["suites"])
            found = pairs(place, release, of_runs.select(COLUMNS), store, compared)
            of_pairs = pa.concat_tables(map(PAIRS.decode, found))
            board = leaderboard(place, compared, CLOCK)
    return RealBenchmark(name, release, of_runs, table, scored(of_runs, release, CLOCK), board, of_pairs)
