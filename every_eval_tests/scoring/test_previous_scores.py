from pathlib import Path

import pyarrow as pa
import pytest

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.parquet import write_table
from every_eval.contracts.repo_layout import latest_path
from every_eval.contracts.table import Table
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Snapshot
from every_eval.scoring.presentation.news import NEWS_SCHEMA
from every_eval.scoring.previous_scores import PreviousScores
from every_eval.sources.helm.source import HelmSource
from every_eval_tests.hub.hubs import NOON, commit_on_head
from every_eval_tests.scoring.real_scores import RealScores

HELM = HelmSource()
TABLES = (LEADERBOARD, COMPREHENSIVE_STATS, PAIRS)


@pytest.fixture
def head(real_scores: RealScores, tmp_path: Path) -> Snapshot:
    """Scores that were published last."""
    rows = {
        LEADERBOARD: [one.board for one in real_scores],
        COMPREHENSIVE_STATS: [one.comprehensive for one in real_scores],
        PAIRS: [one.pairs for one in real_scores],
    }
    files = {table: write_table(table, tmp_path / table.name, pa.concat_tables(rows[table])) for table in TABLES}
    hub = FolderHub(tmp_path / "hub", lambda: NOON)
    return commit_on_head(hub, *(Add(latest_path(table, "helm"), file) for table, file in files.items()))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_rows_of_each_benchmark_are_found_among_those_of_all(
    real_scores: RealScores, head: Snapshot, table: Table
) -> None:
    previous = PreviousScores(head, HELM)

    assert len(real_scores) == 3
    for one in real_scores:
        rows = {LEADERBOARD: one.board, PAIRS: one.pairs, COMPREHENSIVE_STATS: one.comprehensive}[table]
        pieces = previous.rows(table, f"helm_{one.name}")
        assert pieces is not None
        assert pa.concat_tables(map(table.decode, pieces)).equals(rows)
    assert previous.rows(table, "helm_other") is None


def test_the_leaderboard_and_the_rows_for_the_news_are_read_as_published(
    real_scores: RealScores, head: Snapshot
) -> None:
    previous = PreviousScores(head, HELM)

    assert previous.leaderboard is not None and previous.news_rows is not None
    assert previous.leaderboard.equals(pa.concat_tables([one.board for one in real_scores]))
    assert previous.news_rows.schema.equals(NEWS_SCHEMA)
    runs = {run for one in real_scores for run in one.comprehensive["run"].to_pylist()}
    assert set(previous.news_rows["run"].to_pylist()) == runs


def test_without_published_scores_there_are_no_previous_scores(tmp_path: Path) -> None:
    previous = PreviousScores(FolderHub(tmp_path, lambda: NOON).snapshot("owner/scores"), HELM)

    assert (previous.leaderboard, previous.news_rows, previous.rows(PAIRS, "helm_lite")) == (None, None, None)
