"""The Hub in a folder keeps plain files, and loses no file that others have put there."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from every_eval.errors import ConfigurationError, ContractViolation, TerminalError
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Delete
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


def test_plain_files_are_those_of_the_head_and_emptied_folders_go(hub: FolderHub, folder: Path) -> None:
    fill(hub)
    assert plain(folder) == BEFORE
    commit_on_head(hub, *CHANGES)
    assert plain(folder) == AFTER
    assert hub.location(REPO, "kept") == str(folder / "kept")
    assert hub.location(REPO) == str(folder)


def test_a_plain_file_and_its_object_share_their_bytes(hub: FolderHub, folder: Path) -> None:
    fill(hub)
    assert (folder / "kept").samefile(hub.snapshot(REPO).fetch("kept"))


def test_looking_at_a_repo_that_does_not_exist_creates_nothing(hub: FolderHub, tmp_path: Path) -> None:
    hub.snapshot(REPO)
    commit_on_head(hub, Delete("a"))
    assert not list(tmp_path.iterdir())


def test_the_same_commits_at_the_same_time_are_the_same_bytes_anywhere(tmp_path: Path) -> None:
    def history(root: Path) -> dict[Path, bytes]:
        hub = FolderHub(root, lambda: NOON)
        fill(hub)
        commit_on_head(hub, *CHANGES)
        return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    assert history(tmp_path / "one") == history(tmp_path / "two")


def test_files_copied_here_are_adopted_as_the_first_commit(hub: FolderHub, folder: Path) -> None:
    copy_in(folder)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_bytes(b"not ours")
    adopted = hub.snapshot(REPO)
    assert contents(adopted) == BEFORE
    assert adopted.committed_at == NOON
    commit_on_head(hub, *CHANGES)
    assert contents(adopted) == BEFORE
    assert (folder / ".git" / "config").read_bytes() == b"not ours"


def test_a_repo_copied_with_its_hidden_folder_continues(hub: FolderHub, tmp_path: Path) -> None:
    fill(hub)
    shutil.copytree(tmp_path / "hub", tmp_path / "copy")
    copy = FolderHub(tmp_path / "copy", lambda: NOON)
    assert copy.snapshot(REPO).commit == hub.snapshot(REPO).commit
    assert contents(commit_on_head(copy, *CHANGES)) == plain(tmp_path / "copy" / REPO) == AFTER
    assert contents(hub.snapshot(REPO)) == BEFORE


@pytest.mark.parametrize(
    ("path", "arrange"),
    [
        ("a/b", lambda folder: (folder / "a").write_bytes(b"a stranger's")),
        ("a", lambda folder: (folder / "a").mkdir() or (folder / "a" / "file").write_bytes(b"a stranger's")),
        ("a/b", lambda folder: (folder / "a").symlink_to(folder.parents[2])),
    ],
)
def test_what_was_never_committed_is_not_removed_to_make_room(
    hub: FolderHub, folder: Path, path: str, arrange: Callable[[Path], object]
) -> None:
    fill(hub)
    arrange(folder)
    before = state(folder)
    with pytest.raises(ConfigurationError):
        commit_on_head(hub, Add(path, b"ours"))
    after = state(folder)
    assert {path: seen for path, seen in after.items() if HIDDEN not in path.parts} == {
        path: seen for path, seen in before.items() if HIDDEN not in path.parts
    }
    assert contents(hub.snapshot(REPO)) == BEFORE


def test_a_symbolic_link_is_not_adopted(hub: FolderHub, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="symbolic link"):
        hub.snapshot(REPO)


def test_a_full_disk_is_said_at_once_and_changes_nothing(
    hub: FolderHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(hub)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(TerminalError, match=r"Cannot write to .*No space left on device"):
            commit_on_head(hub, *CHANGES)
    assert contents(hub.snapshot(REPO)) == plain(folder) == BEFORE


def test_a_link_that_fails_for_want_of_space_is_not_replaced_by_a_copy(
    hub: FolderHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(hub)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", full)
        with pytest.raises(TerminalError, match="No space left on device"):
            commit_on_head(hub, *CHANGES)
    assert contents(hub.snapshot(REPO)) == plain(folder) == AFTER


def test_a_local_file_that_changes_while_it_is_committed_is_refused(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"what was planned")

    def clock() -> datetime:
        local.write_bytes(b"something else")
        return NOON

    hub = FolderHub(tmp_path / "hub", clock)
    with pytest.raises(ContractViolation, match="changed while it was being committed"):
        commit_on_head(hub, Add("a", local))
    assert hub.snapshot(REPO).commit is None


def test_a_missing_local_file_is_named(hub: FolderHub, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.parquet"):
        commit_on_head(hub, Add("a", tmp_path / "absent.parquet"))


def test_the_clock_tells_when_a_commit_was_made(tmp_path: Path) -> None:
    moments = [NOON + timedelta(days=day) for day in range(2)]

    def clock() -> datetime:
        return moments[0]

    hub = FolderHub(tmp_path / "hub", clock)
    first = commit_on_head(hub, Add("a", b"1"))
    moments.pop(0)
    second = commit_on_head(hub, Add("a", b"2"))
    assert (first.committed_at, second.committed_at) == (NOON, NOON + timedelta(days=1))
