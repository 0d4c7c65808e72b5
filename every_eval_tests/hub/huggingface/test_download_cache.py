"""Every content that is read has its digest, whatever the network does to it, and is downloaded once."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from every_eval.errors import HubUnavailable, TerminalError
from every_eval.hub.hub import Add, HubFile
from every_eval.hub.huggingface import hugging_face_hub
from every_eval.hub.huggingface.download_cache import KEPT_SECONDS, DownloadCache
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.network.retries import MAX_ATTEMPTS
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

SHARD = b"PAR1" + bytes(range(256)) * 40
PATHS = ["stats/helm_lite/a b.parquet", "README"]
READ = "GET /large/|GET .*/resolve/.*/README"


@pytest.fixture(autouse=True)
def filled(publisher: HuggingFaceHub, hub_server: HubServer) -> None:
    commit_on_head(publisher, Add(PATHS[0], SHARD), Add(PATHS[1], SHARD))
    hub_server.requests.clear()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "fault",
    [
        {"ending": "truncated"},
        {"ending": "flipped"},
        {"ending": "reset"},
        {"ending": "cut"},
        {"status": 500},
        {"status": 429},
    ],
)
def test_a_download_that_goes_wrong_is_made_again(
    hub: HuggingFaceHub, hub_server: HubServer, path: str, fault: dict[str, Any], times: int
) -> None:
    hub_server.faults.append(Fault(READ, times=times, **fault))
    assert hub.snapshot(REPO).fetch(path).read_bytes() == SHARD
    assert hub_server.faults[0].times == 0


@pytest.mark.parametrize("path", PATHS)
def test_a_download_that_is_never_right_is_given_up_and_kept_nowhere(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path, path: str
) -> None:
    hub_server.faults.append(Fault(READ, ending="flipped", times=99))
    with pytest.raises(HubUnavailable, match="bytes that came do not have the digest that the Hub lists"):
        hub.snapshot(REPO).fetch(path)
    assert hub_server.count(READ) == MAX_ATTEMPTS
    assert not [found for found in (tmp_path / "cache").rglob("*") if found.is_file()]


def test_equal_contents_are_downloaded_once_for_all_commits_and_processes(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path
) -> None:
    first = hub.snapshot(REPO).fetch(PATHS[0])
    commit_on_head(hub, Add("a copy.parquet", SHARD))
    other = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "cache")
    assert other.snapshot(REPO).fetch("a copy.parquet") == first
    assert hub_server.count(READ) == 1


def test_a_damaged_download_is_made_again(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    snapshot = hub.snapshot(REPO)
    for damage in (b"", SHARD[:-1], SHARD.replace(b"PAR1", b"PAR2")):
        snapshot.fetch(PATHS[0]).write_bytes(damage)
        assert snapshot.fetch(PATHS[0]).read_bytes() == SHARD
    assert hub_server.count(READ) == 4


def test_nothing_but_contents_is_left_in_the_cache(hub: HuggingFaceHub, tmp_path: Path) -> None:
    files = {hub.snapshot(REPO).fetch(path) for path in PATHS}
    assert {found for found in (tmp_path / "cache").rglob("*") if found.is_file()} == files
    assert set((tmp_path / "cache").iterdir()) == {file.parent for file in files}


@pytest.mark.parametrize("is_local", [True, False])
def test_what_was_published_from_here_is_not_downloaded_unless_it_is_damaged_or_large(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_local: bool
) -> None:
    monkeypatch.setattr(hugging_face_hub, "KEPT_BYTES", len(SHARD))
    changed, larger = SHARD[::-1], SHARD + b"1"
    adds = []
    for name, content in (("changed.parquet", changed), ("larger.parquet", larger)):
        (tmp_path / name).write_bytes(content)
        adds.append(Add(name, tmp_path / name if is_local else content))
    made = commit_on_head(hub, *adds)
    for add in adds:
        (tmp_path / add.path).unlink()
    assert made.fetch("changed.parquet").read_bytes() == changed
    assert hub_server.count(READ) == 0
    made.fetch("changed.parquet").write_bytes(b"damaged")
    assert made.fetch("changed.parquet").read_bytes() == changed
    assert made.fetch("larger.parquet").read_bytes() == larger
    assert hub_server.count(READ) == 2
    assert not list((tmp_path / "cache").glob("incoming-*"))


def test_a_disk_that_is_full_once_all_is_published_changes_nothing(
    hub: HuggingFaceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", refuse)
        made = commit_on_head(hub, Add("new", b"new"))
    assert made.fetch("new").read_bytes() == b"new"


def test_what_nobody_has_asked_for_in_weeks_goes_and_what_somebody_has_stays(
    publisher: HuggingFaceHub, hub_server: HubServer, tmp_path: Path
) -> None:
    commit_on_head(publisher, Add("new", b"new"))
    other = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "cache").snapshot(REPO)
    old, asked_for = (other.fetch(path) for path in PATHS)
    killed = tmp_path / "cache" / "incoming-killed"
    (killed / "cache").mkdir(parents=True)
    (killed / "cache" / "half").write_bytes(b"PAR1")
    long_ago = time.time_ns() - (KEPT_SECONDS + 3600) * 10**9
    for path in (old, asked_for, killed):
        os.utime(path, ns=(long_ago, path.stat().st_mtime_ns))
    assert other.fetch(PATHS[1]) == asked_for
    new = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "cache").snapshot(REPO).fetch("new")
    assert {found for found in (tmp_path / "cache").rglob("*") if found.is_file()} == {asked_for, new}
    assert not killed.exists()
    assert other.fetch(PATHS[0]).read_bytes() == SHARD


def test_a_cache_that_only_somebody_else_may_write_to_is_read(
    hub: HuggingFaceHub, hub_server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hub.snapshot(REPO).fetch(PATHS[0])

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    assert hub.snapshot(REPO).fetch(PATHS[0]) == path
    assert hub_server.count(READ) == 1


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    def download(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(TerminalError, match="No space left on device"):
        DownloadCache(tmp_path).fetch(HubFile("a", 1, "0" * 64), download)
