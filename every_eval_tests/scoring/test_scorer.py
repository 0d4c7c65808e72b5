from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.repo_layout import files_of
from every_eval.contracts.state import STATE
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add, Delete, publish
from every_eval.scoring.benchmark_scorer import KEPT_TABLES
from every_eval.scoring.presentation.leaderboard_csv import leaderboard_csv
from every_eval.scoring.presentation.published_table import N_PREVIEW
from every_eval.scoring.release_tables import ReleaseTables, Write
from every_eval.scoring.scorer import Scored, Scorer
from every_eval.scoring.tables.pairs import pairs
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.ingestion.upstream import small_root

HELM = HelmSource()
SCORES = "owner/scores"
CLOCK = {"processed_at", "comprehensive_stats_generated_at", "data_freshness_hours"}


@pytest.fixture
def published(tmp_path: Path) -> Publishing:
    """Two benchmarks, a shard for each run."""
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "hub")
    published.refresh("mmlu", "lite")
    return published


def score(published: Publishing, *, force: bool = False, at: datetime = NOON, dated: int | None = None) -> Scored:
    return Scorer(HELM, [HELM], published.hub, REPO, SCORES, lambda: at, str, force=force, dated_files=dated).run()


def latest(published: Publishing, name: str) -> pa.Table:
    rows = pq.read_table(published.hub.snapshot(SCORES).fetch(f"latest/{name}.parquet"))
    return rows.drop_columns([column for column in rows.column_names if column in CLOCK])


@pytest.mark.slow
def test_a_run_that_finds_nothing_new_describes_the_tables_as_they_were_published(
    published: Publishing,
) -> None:
    made, found = score(published), score(published)

    assert (made.is_new, found.is_new) == (True, False)
    # Rows of the state are not counted again: that would open each of its files.
    state = made.published["state"]
    assert made.published | {"state": replace(state, n_rows=None)} == found.published
    assert state.n_rows == published.rows(STATS).num_rows
    assert made.leaderboard.equals(found.leaderboard)
    assert made.disagreements is not None and found.disagreements is not None
    assert made.disagreements.equals(found.disagreements)


@pytest.mark.slow
def test_every_published_table_is_described_with_its_path_rows_bytes_and_first_rows(published: Publishing) -> None:
    described = score(published).published
    head = published.hub.snapshot(SCORES)

    paths = {path for path in head.files if path.startswith("latest/") and path.endswith(".parquet")}
    assert {table.path for name, table in described.items() if name != "state"} == paths
    assert described["helm_tables"].path == "latest/helm_tables.parquet"
    for table in described.values():
        rows = pq.read_table(head.fetch(table.path))
        assert table.preview == rows.slice(0, N_PREVIEW).to_pylist()
        if table is not described["state"]:
            assert (table.n_rows, table.n_bytes) == (rows.num_rows, head.files[table.path].size)
    state = files_of(STATE, head.files)
    assert described["state"].n_bytes == sum(head.files[path].size for path in state)
    assert described["state"].path in state


@pytest.mark.slow
def test_the_leaderboard_is_beside_its_table_as_csv_with_the_same_bytes_when_made_again(published: Publishing) -> None:
    for force in (False, True):
        made = score(published, force=force)
        head = published.hub.snapshot(SCORES)
        assert made.is_new
        rows = pq.read_table(head.fetch("latest/leaderboard_helm.parquet"))
        assert head.fetch("latest/leaderboard_helm.csv").read_bytes() == leaderboard_csv(rows)


@pytest.mark.slow
def test_the_oldest_dated_files_of_the_source_go_if_their_number_is_limited(tmp_path: Path) -> None:
    published = Publishing.of(small_root(tmp_path / "root").path, tmp_path / "hub", shard_bytes=1 << 30)
    published.refresh()

    def dated(day: int, limit: int | None) -> list[str]:
        score(published, force=True, at=NOON + timedelta(days=day), dated=limit)
        paths = published.hub.snapshot(SCORES).files
        return sorted(path.split("_")[-2][-2:] for path in paths if path.startswith("comprehensive_stats_helm_"))

    assert [dated(day, None) for day in range(3)] == [["20"], ["20", "21"], ["20", "21", "22"]]
    other = "comprehensive_stats_helm_two_20200101_000000.parquet"
    publish(published.hub, SCORES, "Another source", lambda _: [Add(other, b"of another source")])
    assert dated(3, 2) == ["01", "22", "23"]
    assert dated(4, 1) == ["01", "24"]
    assert dated(5, 30) == ["01", "24", "25"]


@pytest.mark.slow
def test_tables_of_a_benchmark_that_did_not_change_are_not_made_again(
    published: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = published.hub.snapshot(REPO)
    held_back = next(path for path in head.files if path.startswith("stats/helm_mmlu/"))
    file = head.fetch(held_back)
    commit_on_head(published.hub, Delete(held_back))
    score(published)
    commit_on_head(published.hub, Add(held_back, file))
    benchmarks = list[str]()

    def note(place: Mapping[str, str], *rest: object) -> object:
        benchmarks.append(place["benchmark"])
        return pairs(place, *rest)  # type: ignore[arg-type]

    made = list[str]()

    def note_tables(tables: ReleaseTables, write: Write) -> None:
        made.append(tables.releases[-1]["benchmark"])
        write_item_tables(tables, write)

    write_item_tables = ReleaseTables.write_item_tables
    monkeypatch.setattr("every_eval.scoring.benchmark_scorer.pairs", note)
    monkeypatch.setattr(ReleaseTables, "write_item_tables", note_tables)
    score(published, at=NOON + timedelta(days=1))
    assert benchmarks == made == ["mmlu"]
    names = [f"{table.name}_helm" for table in KEPT_TABLES]
    before = [latest(published, name) for name in names]
    assert all(set(rows["benchmark"].to_pylist()) == {"lite", "mmlu"} for rows in before if rows.num_rows)
    moments = pq.read_table(published.hub.snapshot(SCORES).fetch("latest/leaderboard_helm.parquet"))
    assert set(moments["comprehensive_stats_generated_at"].to_pylist()) == {NOON + timedelta(days=1)}
    score(published, force=True, at=NOON + timedelta(days=2))
    assert benchmarks == made == ["mmlu", "lite", "mmlu"]
    rows = latest(published, "pairs_helm")
    assert all(one.equals(latest(published, name)) for name, one in zip(names, before, strict=True))
    PAIRS.validate(rows)


@pytest.mark.slow
def test_the_order_of_the_shards_changes_no_row(published: Publishing, tmp_path: Path) -> None:
    score(published)
    rows = latest(published, "comprehensive_stats_helm").drop_columns(["shard"])
    one_shard = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "one", shard_bytes=1 << 40)
    one_shard.refresh("lite", "mmlu")
    assert len([path for path in one_shard.hub.snapshot(REPO).files if path.startswith("stats/")]) == 2
    score(one_shard, at=datetime(2026, 11, 21, tzinfo=UTC))

    assert latest(one_shard, "comprehensive_stats_helm").drop_columns(["shard"]).equals(rows)
    for table in ("pairs_helm", "helm_tables", "leaderboard_helm", "cross_benchmark_helm"):
        assert latest(one_shard, table).equals(latest(published, table))
