"""A repo in a folder survives a killed process at any step, and keeps contents for as long as it should."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from every_eval.errors import HubUnavailable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.folder.repository import KEPT_COMMITS
from every_eval.hub.hub import Add
from every_eval.hub.paths import HIDDEN
from every_eval_tests.hub.folders import AFTER, BEFORE, copy_in, fill, plain, state
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head, contents
from every_eval_tests.hub.killed import CHANGES


@pytest.fixture
def hub(tmp_path: Path) -> FolderHub:
    return FolderHub(tmp_path / "hub", lambda: NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hub" / REPO


@pytest.mark.slow
@pytest.mark.parametrize("begins_with", ["a commit", "files copied in", "nothing"])
def test_a_commit_killed_at_any_step_is_made_or_not_made(
    tmp_path: Path, hub: FolderHub, folder: Path, begins_with: str
) -> None:
    {
        "a commit": lambda: fill(hub),
        "files copied in": lambda: copy_in(folder),
        "nothing": lambda: folder.mkdir(parents=True),
    }[begins_with]()
    before = {} if begins_with == "nothing" else BEFORE
    after = {path: content for path, content in AFTER.items() if path in before or path not in BEFORE}
    after["README.md"] = AFTER["README.md"]
    died = tmp_path / "died"
    died.mkdir()
    command = [sys.executable, "-m", "every_eval_tests.hub.killed", str(tmp_path / "hub"), str(died)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    landed = []
    for root in sorted(died.iterdir(), key=lambda path: int(path.name)):
        reopened = FolderHub(root, lambda: NOON)
        seen = contents(reopened.snapshot(REPO))
        assert seen == plain(root / REPO)
        assert seen in (before, after)
        landed.append(seen == after)
        assert contents(commit_on_head(reopened, *CHANGES)) == plain(root / REPO) == after
        commit_on_head(reopened, Add("swept", b"by this commit"))
        assert not any((root / REPO / HIDDEN / "incoming").iterdir())
        assert len(list((root / REPO / HIDDEN / "commits").iterdir())) == (3 if before else 2)
    assert landed == sorted(landed)
    assert 20 < landed.count(False) < len(landed) - 20


def test_what_takes_its_place_is_on_the_disk_first(
    hub: FolderHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(hub)
    on_disk: set[int] = set()
    heads_on_disk: list[bool] = []
    fsync, replace = os.fsync, os.replace

    def record(descriptor: int) -> None:
        on_disk.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def move(source: Path, target: Path) -> None:
        assert source.stat().st_ino in on_disk
        if target.name == "checked_out":
            heads_on_disk.append((folder / HIDDEN).stat().st_ino in on_disk)
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record)
    monkeypatch.setattr(os, "replace", move)
    commit_on_head(hub, *CHANGES)
    assert heads_on_disk == [True]
    assert {folder.stat().st_ino, (folder / "stats/a").stat().st_ino} <= on_disk


def test_repeating_a_commit_touches_nothing(hub: FolderHub, folder: Path) -> None:
    fill(hub)
    commit_on_head(hub, *CHANGES)
    before = state(folder)
    commit_on_head(hub, *CHANGES)
    FolderHub(folder.parents[1], lambda: NOON + timedelta(days=1)).snapshot(REPO)
    assert state(folder) == before


def test_where_links_are_not_possible_files_are_copied(
    hub: FolderHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    fill(hub)
    commit_on_head(hub, *CHANGES)
    assert plain(folder) == AFTER
    assert not (folder / "kept").samefile(hub.snapshot(REPO).fetch("kept"))


def test_contents_of_old_commits_go_and_recent_ones_stay(hub: FolderHub, folder: Path) -> None:
    pinned = []
    for number in range(3 * KEPT_COMMITS):
        pinned.append(commit_on_head(hub, Add("catalog", b"%d" % number), Add("other", b"kept")))
        assert len(list((folder / HIDDEN / "commits").iterdir())) <= 2 * KEPT_COMMITS
    assert [contents(snapshot)["catalog"] for snapshot in pinned[-KEPT_COMMITS:]] == [
        b"%d" % number for number in range(2 * KEPT_COMMITS, 3 * KEPT_COMMITS)
    ]
    with pytest.raises(HubUnavailable, match="not kept"):
        pinned[0].fetch("catalog")
    assert pinned[0].fetch("other").read_bytes() == b"kept"


def test_an_object_that_something_else_wrote_to_is_not_read(hub: FolderHub, folder: Path) -> None:
    fill(hub)
    for damaged in (b"KEPT", b"longer than it was"):
        (folder / "kept").chmod(0o644)
        (folder / "kept").write_bytes(damaged)
        with pytest.raises(HubUnavailable, match="another program has changed"):
            hub.snapshot(REPO).fetch("kept")


def test_a_damaged_manifest_is_not_read(hub: FolderHub, folder: Path) -> None:
    fill(hub)
    manifest = next((folder / HIDDEN / "commits").iterdir())
    manifest.chmod(0o644)
    manifest.write_bytes(manifest.read_bytes().replace(b"kept", b"lost"))
    with pytest.raises(HubUnavailable, match="damaged"):
        hub.snapshot(REPO)
