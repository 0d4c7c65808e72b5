import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.parquet import write_table
from every_eval.contracts.state import STATE, STATE_ITEM_SCORES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Delete
from every_eval.scoring.change_detection import expected_state
from every_eval.scoring.state import state_updater
from every_eval.scoring.state.state_updater import FetchCounter, StateUpdater
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing

SCORES = "owner/scores"


@pytest.fixture
def published(tmp_path: Path) -> Publishing:
    """A benchmark with a shard for each run."""
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "hub")
    published.refresh("mmlu")
    return published


def update(hub: FolderHub, workdir: Path, *, force: bool = False) -> tuple[dict[str, bytes], FetchCounter]:
    """Update the state and publish it."""
    workdir.mkdir()
    data, scores, fetched = hub.snapshot(REPO), hub.snapshot(SCORES), FetchCounter()
    [benchmark] = expected_state(data, "helm")
    updater = StateUpdater(data, scores, workdir, fetched, force)
    files = {**updater.update(benchmark), **updater.update_item_scores(benchmark)}
    outdated = [Delete(path) for path in scores.files if path not in files]
    hub.commit(SCORES, [*(Add(*file) for file in files.items()), *outdated], title="Update", parent=scores.commit)
    return {path: file.read_bytes() for path, file in files.items()}, fetched


def test_a_state_updated_in_two_steps_has_the_bytes_of_a_state_made_at_once(
    published: Publishing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    stats = {path: hub.snapshot(REPO).fetch(path) for path in hub.snapshot(REPO).files if path.startswith("stats/")}
    assert len(stats) > 4
    held_back = sorted(stats)[1::2]
    commit_on_head(hub, *map(Delete, held_back))
    monkeypatch.setattr(state_updater, "STATS_PIECE_ROWS", 100)
    monkeypatch.setattr(state_updater, "PIECE_ROWS", 70)
    update(hub, tmp_path / "some")
    commit_on_head(hub, *(Add(path, stats[path]) for path in held_back))

    state, fetched = update(hub, tmp_path / "rest")
    assert len(fetched.shards) == len(held_back)
    monkeypatch.undo()
    forced, fetched = update(hub, tmp_path / "forced", force=True)
    assert state == forced
    assert len(fetched.shards) == len(stats)
    again, fetched = update(hub, tmp_path / "again")
    assert again == state
    assert not fetched.shards


@pytest.mark.parametrize(("of_shards", "of_state"), [(STATS, STATE), (ITEM_SCORES, STATE_ITEM_SCORES)])
def test_the_state_holds_every_row_with_its_shard_and_fingerprint(
    published: Publishing, tmp_path: Path, of_shards: Table, of_state: Table
) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    update(hub, tmp_path / "state")
    scores = hub.snapshot(SCORES)
    kind = re.compile(r".*/\d+-.*" if of_shards is STATS else r".*/item_scores-\d+-.*")
    rows = pa.concat_tables(pq.read_table(scores.fetch(path)) for path in scores.files if kind.fullmatch(path))

    assert rows.select(of_shards.schema.names).equals(published.rows(of_shards))
    versions = {
        f"{shard}-{digest}"
        for shard, digest in zip(*(rows[name].to_pylist() for name in state_updater.SHARD_COLUMNS), strict=True)
    }
    assert versions == {Path(path).stem for path in hub.snapshot(REPO).files if path.startswith("stats/")}
    of_state.validate(rows)


def test_the_rows_of_a_changed_shard_replace_its_older_rows(published: Publishing, tmp_path: Path) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    before, _ = update(hub, tmp_path / "before")
    path = next(path for path in hub.snapshot(REPO).files if path.startswith("stats/"))
    other = path.rpartition("-")[0] + f"-{'0' * 12}.parquet"
    shard = path.rpartition("-")[0].removeprefix("stats/")
    items = hub.snapshot(REPO).fetch(f"item_scores/{shard}.parquet")
    first = pq.read_table(items)
    changed = write_table(ITEM_SCORES, tmp_path / "changed", first.slice(1))
    changes = [Add(other, hub.snapshot(REPO).fetch(path)), Add(f"item_scores/{shard}.parquet", changed)]
    commit_on_head(hub, Delete(path), *changes)

    after, fetched = update(hub, tmp_path / "after")
    assert len(fetched.shards) == 1
    replaced = {path for path in before if "releases" not in path}
    assert {Path(path).name.rpartition("-")[0] for path in replaced} == {"00001", "item_scores-00001"}
    assert before.keys() - after.keys() == replaced
    for table, n_rows in ((STATS, published.rows(STATS).num_rows), (ITEM_SCORES, published.rows(ITEM_SCORES).num_rows)):
        [state] = [path for path in after.keys() - before.keys() if ("item_scores" in path) is (table is ITEM_SCORES)]
        rows = pq.read_table(hub.snapshot(SCORES).fetch(state))
        assert rows.num_rows == n_rows
        of_shard = rows.filter(pc.field("fingerprint") == "0" * 12)
        assert of_shard.num_rows > 0
        if table is ITEM_SCORES:
            assert of_shard.select(first.column_names).equals(first.slice(1))


def test_a_shard_without_item_scores_is_in_the_state_of_statistics_alone(published: Publishing, tmp_path: Path) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    lost = [path for path in hub.snapshot(REPO).files if path.startswith("item_scores/")]
    commit_on_head(hub, *map(Delete, lost))
    state, _ = update(hub, tmp_path / "state")
    assert [path for path in state if "item_scores" in path] == []
    assert len(state) == 2
