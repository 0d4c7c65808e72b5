from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.state import STATE
from every_eval.contracts.stats import STATS
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Delete
from every_eval.scoring.change_detection import wanted
from every_eval.scoring.state import folding
from every_eval.scoring.state.folding import Folder, Reading
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing

SCORES = "owner/scores"


@pytest.fixture
def published(tmp_path: Path) -> Publishing:
    """A shard for each run of a benchmark."""
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "hub")
    published.refresh("mmlu")
    return published


def fold(hub: FolderHub, folder: Path, *, force: bool = False) -> tuple[dict[str, bytes], Reading]:
    """Fold what is published, and publish the state."""
    folder.mkdir()
    data, scores, reading = hub.snapshot(REPO), hub.snapshot(SCORES), Reading()
    [one] = wanted(data, "helm")
    made = Folder(data, scores, folder, reading, force).fold(one)
    stale = [Delete(path) for path in scores.files if path not in made]
    hub.commit(SCORES, [*(Add(*file) for file in made.items()), *stale], title="Fold", parent=scores.commit)
    return {path: file.read_bytes() for path, file in made.items()}, reading


def test_a_state_folded_shard_by_shard_has_the_bytes_of_one_folded_at_once(
    published: Publishing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    stats = {path: hub.snapshot(REPO).fetch(path) for path in hub.snapshot(REPO).files if path.startswith("stats/")}
    assert len(stats) > 4
    held_back = sorted(stats)[1::2]
    commit_on_head(hub, *map(Delete, held_back))
    monkeypatch.setattr(folding, "PIECE", 100)
    fold(hub, tmp_path / "some")
    commit_on_head(hub, *(Add(path, stats[path]) for path in held_back))

    state, reading = fold(hub, tmp_path / "rest")
    assert len(reading.shards) == len(held_back)
    monkeypatch.undo()
    forced, reading = fold(hub, tmp_path / "forced", force=True)
    assert state == forced
    assert len(reading.shards) == len(stats)
    again, reading = fold(hub, tmp_path / "again")
    assert again == state
    assert not reading.shards


def test_the_state_holds_every_row_with_the_version_of_its_shard(published: Publishing, tmp_path: Path) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    fold(hub, tmp_path / "state")
    scores = hub.snapshot(SCORES)
    rows = pa.concat_tables(pq.read_table(scores.fetch(path)) for path in scores.files if "releases" not in path)

    assert rows.select(STATS.schema.names).equals(published.rows(STATS))
    versions = {
        f"{shard}-{digest}" for shard, digest in zip(*(rows[name].to_pylist() for name in folding.VERSION), strict=True)
    }
    assert versions == {Path(path).stem for path in hub.snapshot(REPO).files if path.startswith("stats/")}
    STATE.validate(rows)


def test_a_shard_that_changed_takes_the_place_of_its_older_version(published: Publishing, tmp_path: Path) -> None:
    hub = published.hub
    assert isinstance(hub, FolderHub)
    before, _ = fold(hub, tmp_path / "before")
    path = next(path for path in hub.snapshot(REPO).files if path.startswith("stats/"))
    other = path.rpartition("-")[0] + f"-{'0' * 12}.parquet"
    commit_on_head(hub, Delete(path), Add(other, hub.snapshot(REPO).fetch(path)))

    after, reading = fold(hub, tmp_path / "after")
    assert len(reading.shards) == 1
    assert before.keys() ^ after.keys() == {next(iter(before)), next(iter(after))}
    [state] = [scores for scores in hub.snapshot(SCORES).files if "releases" not in scores and scores not in before]
    rows = pq.read_table(hub.snapshot(SCORES).fetch(state))
    assert rows.num_rows == published.rows(STATS).num_rows
    assert "0" * 12 in rows["fingerprint"].to_pylist()
