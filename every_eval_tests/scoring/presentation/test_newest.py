from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.parquet import write_table
from every_eval.contracts.repo_layout import latest_path
from every_eval.errors import HubUnavailable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Snapshot
from every_eval.scoring.presentation.newest import N_PREVIEW, Previous, show, show_published
from every_eval.scoring.presentation.report import NEWS_SCHEMA
from every_eval.scoring.tables.contestants import COLUMNS
from every_eval.scoring.tables.pairs import pairs
from every_eval_tests.hub.hubs import NOON, commit_on_head
from every_eval_tests.scoring.real_scores import RealScores

TABLES = (LEADERBOARD, COMPREHENSIVE_STATS, PAIRS)


def compared(real_scores: RealScores) -> dict[str, pa.Table]:
    """Pairs by the folder of their benchmark."""
    return {
        f"helm_{one.name}": pa.concat_tables(
            map(PAIRS.decode, pairs("helm", one.name, one.shown, one.stats.select(COLUMNS), one.main_table))
        )
        for one in real_scores
    }


@pytest.fixture
def head(real_scores: RealScores, tmp_path: Path) -> Snapshot:
    """Scores as they were published last."""
    rows = {
        LEADERBOARD: [one.board for one in real_scores],
        COMPREHENSIVE_STATS: [one.comprehensive for one in real_scores],
        PAIRS: list(compared(real_scores).values()),
    }
    files = {table: write_table(table, tmp_path / table.name, pa.concat_tables(rows[table])) for table in TABLES}
    hub = FolderHub(tmp_path / "hub", lambda: NOON)
    return commit_on_head(hub, *(Add(latest_path(table, "helm"), file) for table, file in files.items()))


def test_the_pairs_of_each_benchmark_are_found_among_those_of_all(real_scores: RealScores, head: Snapshot) -> None:
    previous = Previous(head, "helm")

    assert len(real_scores) == 3
    for folder, rows in compared(real_scores).items():
        pieces = previous.pairs(folder)
        assert pieces is not None
        assert pa.concat_tables(map(PAIRS.decode, pieces)).equals(rows)
    assert previous.pairs("helm_other") is None


def test_what_was_published_last_is_the_leaderboard_and_what_news_are_made_of(
    real_scores: RealScores, head: Snapshot
) -> None:
    previous = Previous(head, "helm")

    assert previous.leaderboard is not None and previous.newsworthy is not None
    assert previous.leaderboard.equals(pa.concat_tables([one.board for one in real_scores]))
    assert previous.newsworthy.schema.equals(NEWS_SCHEMA)
    runs = {run for one in real_scores for run in one.comprehensive["run"].to_pylist()}
    assert set(previous.newsworthy["run"].to_pylist()) == runs


def test_where_nothing_was_published_there_is_nothing(tmp_path: Path) -> None:
    previous = Previous(FolderHub(tmp_path, lambda: NOON).snapshot("owner/scores"), "helm")

    assert (previous.leaderboard, previous.newsworthy, previous.pairs("helm_lite")) == (None, None, None)


def test_a_published_file_is_shown_as_a_local_one(head: Snapshot) -> None:
    for table in TABLES:
        path = latest_path(table, "helm")
        shown = show(head.fetch(path))

        assert show_published(head, path) == shown
        assert shown.n_rows == pq.read_metadata(head.fetch(path)).num_rows
        assert shown.n_bytes == head.files[path].size
        assert shown.preview == pq.read_table(head.fetch(path)).slice(0, N_PREVIEW).to_pylist()


def test_a_file_that_arrives_damaged_is_not_shown(tmp_path: Path) -> None:
    hub = FolderHub(tmp_path, lambda: NOON)
    head = commit_on_head(hub, Add("latest/leaderboard_helm.parquet", b"PAR1 this is no Parquet file PAR1"))

    with pytest.raises(HubUnavailable, match=r"latest/leaderboard_helm\.parquet arrived damaged"):
        show_published(head, "latest/leaderboard_helm.parquet")
