from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.state import STATE
from every_eval.contracts.stats import STATS
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
    files = StateUpdater(data, scores, workdir, fetched, force).update(benchmark)
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
    monkeypatch.setattr(state_updater, "PIECE_ROWS", 100)
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


def test_the_state_holds_every_row_with_its_shard_and_fingerprint(published: Publishing, tmp_path: Path) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    update(hub, tmp_path / "state")
    scores = hub.snapshot(SCORES)
    rows = pa.concat_tables(pq.read_table(scores.fetch(path)) for path in scores.files if "releases" not in path)

    assert rows.select(STATS.schema.names).equals(published.rows(STATS))
    versions = {
        f"{shard}-{digest}"
        for shard, digest in zip(*(rows[name].to_pylist() for name in state_updater.SHARD_COLUMNS), strict=True)
    }
    assert versions == {Path(path).stem for path in hub.snapshot(REPO).files if path.startswith("stats/")}
    STATE.validate(rows)


def test_the_rows_of_a_changed_shard_replace_its_older_rows(published: Publishing, tmp_path: Path) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    before, _ = update(hub, tmp_path / "before")
    path = next(path for path in hub.snapshot(REPO).files if path.startswith("stats/"))
    other = path.rpartition("-")[0] + f"-{'0' * 12}.parquet"
    commit_on_head(hub, Delete(path), Add(other, hub.snapshot(REPO).fetch(path)))

    after, fetched = update(hub, tmp_path / "after")
    assert len(fetched.shards) == 1
    assert before.keys() ^ after.keys() == {next(iter(before)), next(iter(after))}
    [state] = [scores for scores in hub.snapshot(SCORES).files if "releases" not in scores and scores not in before]
    rows = pq.read_table(hub.snapshot(SCORES).fetch(state))
    assert rows.num_rows == published.rows(STATS).num_rows
    assert "0" * 12 in rows["fingerprint"].to_pylist()
