"""What is read is what was committed, whatever comes over the line, and comes over it once."""

from pathlib import Path
from typing import Any

import pytest

from every_eval.errors import HubUnavailable, TerminalError
from every_eval.hub.downloads import Downloads
from every_eval.hub.hub import Add, HubFile
from every_eval.hub.huggingface import HuggingFaceHub
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

SHARD = b"PAR1" + bytes(range(256)) * 40
PATHS = ["stats/helm_lite/a b.parquet", "README"]
READ = "GET /large/|GET .*/resolve/.*/README"


@pytest.fixture(autouse=True)
def filled(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    commit_on_head(hub, Add(PATHS[0], SHARD), Add(PATHS[1], SHARD))
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
    hub_server.faults += [Fault(READ, times=times, **fault), Fault("HEAD", status=503)]
    assert hub.snapshot(REPO).fetch(path).read_bytes() == SHARD
    assert [fault.times for fault in hub_server.faults] == [0, 0]


@pytest.mark.parametrize("path", PATHS)
def test_a_download_that_is_never_right_is_given_up_and_kept_nowhere(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path, path: str
) -> None:
    hub_server.faults.append(Fault(READ, ending="flipped", times=99))
    with pytest.raises(HubUnavailable, match="4 downloads, and none had the digest"):
        hub.snapshot(REPO).fetch(path)
    assert hub_server.count(READ) == 4
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


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    def download(_: Path) -> Path:
        raise OSError(28, "No space left on device")

    with pytest.raises(TerminalError, match="No space left on device"):
        Downloads(tmp_path).fetch(HubFile("a", 1, "0" * 64), download)
