"""Files of a batch are uploaded while others are being made, each once, and a failed upload costs nothing."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import IO, Any

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.hub.hub import Add, Delete
from every_eval.hub.huggingface import early_uploads
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run, RunRows
from every_eval.storage.folder import FolderStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head, contents
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import RUNS

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

SHARDS = [f"{FOLDER}_part_{number:05d}" for number in (1, 2, 3)]
ADDS = [Add(f"{number}.parquet", b"PAR1 %d" % number) for number in range(4)]
PATIENCE_SECONDS = 60
"""Time after which the test fails because an event has not happened, in seconds."""


class WatchedSource(HelmSource):
    """Calls `before` just before it reads the run of the last shard."""

    before: Callable[[], object]

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        if run.name == sorted(RUNS)[-1][1]:
            self.before()
        return super().read(run, open_file)


class LogWatcher(logging.Handler):
    """Sets an event when something is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.event = Event()

    def emit(self, _: logging.LogRecord) -> None:
        self.event.set()


@pytest.fixture
def publishing(hub: HuggingFaceHub, root: HelmRoot) -> Publishing:
    """A repo with three shards in the catalog, none of which is published."""
    made = Publishing(FolderStorage(root.path), hub, source=WatchedSource())
    made.discover()
    return made


@pytest.fixture(scope="module")
def expected(small_root_once: HelmRoot, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a folder Hub after the same jobs."""
    folder = Publishing.of(small_root_once.path, tmp_path_factory.mktemp("folder"))
    folder.refresh()
    return folder.contents()


def puts(server: HubServer) -> Counter[str]:
    """Return how often each object was sent."""
    return Counter(request for request, _, _ in server.requests if request.startswith("PUT "))


def test_shards_are_uploaded_before_the_last_one_is_made_and_each_file_once(
    publishing: Publishing, hub_server: HubServer, expected: dict[str, bytes]
) -> None:
    """The last shard is not read before a file of another shard has arrived."""
    has_come = Event()
    hub_server.faults.append(Fault("PUT /large/", before=has_come.set))
    hub_server.requests.clear()
    waited: list[bool] = []
    publishing.source.before = lambda: waited.append(has_come.wait(PATIENCE_SECONDS))  # type: ignore[attr-defined]
    assert [outcome.error for outcome in publishing.ingest(SHARDS)] == [None] * 3
    assert waited == [True]
    assert publishing.contents() == expected
    tops = ("data/", "metrics/", "stats/", "item_scores/", "shards/")
    assert puts(hub_server).total() == len(puts(hub_server)) == sum(path.startswith(tops) for path in expected)
    assert hub_server.count("POST .*/commit/") == 1


@pytest.mark.parametrize("step", ["preupload", "objects/batch", "PUT /large/", "POST /verify"])
@pytest.mark.parametrize(
    "fault",
    [
        *({"status": status} for status in (400, 403, 429, 503)),
        *({"ending": ending} for ending in ("cut", "reset")),
        {"ending": "cut", "is_accepted": True},
    ],
)
@pytest.mark.slow
def test_uploads_that_fail_are_left_to_the_commit_which_sends_what_is_missing(
    publishing: Publishing,
    hub_server: HubServer,
    expected: dict[str, bytes],
    caplog: pytest.LogCaptureFixture,
    step: str,
    fault: dict[str, Any],
) -> None:
    """Every request fails until the upload has failed; the server's error holds the authorization it has received."""
    watcher = LogWatcher()
    logging.getLogger("every_eval.hub.huggingface.early_uploads").addHandler(watcher)
    hub_server.faults.append(Fault(step, times=999, **fault))

    def mend() -> None:
        assert watcher.event.wait(PATIENCE_SECONDS)
        hub_server.faults.clear()
        hub_server.requests.clear()

    publishing.source.before = mend  # type: ignore[attr-defined]
    arrived = set(hub_server.large)
    assert [outcome.error for outcome in publishing.ingest(SHARDS)] == [None] * 3
    logging.getLogger("every_eval.hub.huggingface.early_uploads").removeHandler(watcher)
    assert publishing.contents() == expected
    assert puts(hub_server).total() == len(puts(hub_server))
    assert not {request.rpartition("/")[2] for request in puts(hub_server)} & arrived
    assert hub_server.count("POST .*/commit/") == 1
    assert "The remaining files are uploaded with the commit." in caplog.text
    assert TOKEN not in caplog.text
    assert not hub_server.tokens_sent_elsewhere()


def test_nothing_is_uploaded_of_a_shard_that_cannot_be_made(
    publishing: Publishing, hub_server: HubServer, root: HelmRoot
) -> None:
    publishing.source.before = lambda: None  # type: ignore[attr-defined]
    (root.run("mmlu", *sorted(RUNS)[0]) / "stats.json").unlink()
    hub_server.requests.clear()
    outcomes = publishing.ingest(SHARDS)
    assert [type(outcome.error) for outcome in outcomes] == [UpstreamUnavailable, type(None), type(None)]
    large = {blob.sha256 for blob in hub_server.repos[REPO][-1].files.values() if blob.is_large}
    assert {request.rpartition("/")[2] for request in puts(hub_server)} <= large
    assert puts(hub_server).total() == 2 * 4 + 1  # Four tables of two shards, and the index.


def test_what_has_arrived_is_only_named_in_the_commit(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    head = commit_on_head(hub, Add("old", b"1"))
    with hub.uploading(REPO, head) as upload:
        upload(ADDS[:2])
        upload(ADDS[2:])
    assert hub_server.count("PUT /large/") == len(ADDS)
    hub_server.requests.clear()
    made = hub.commit(REPO, [*ADDS, Delete("old")], title="Those", parent=head.commit)
    assert [request for request, _, _ in hub_server.requests if request.startswith(("PUT", "POST"))] == [
        f"POST /api/datasets/{REPO}/commit/main",
        f"POST /api/datasets/{REPO}/paths-info/{made.commit}",
    ]
    assert contents(made) == {add.path: add.content for add in ADDS}


def test_a_commit_that_was_uploaded_and_goes_wrong_is_made_once(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    head = commit_on_head(hub, Add("old", b"1"))
    with hub.uploading(REPO, head) as upload:
        upload(ADDS)
    hub_server.faults += [Fault("/commit/", status=503), Fault("/commit/", ending="cut", is_accepted=True)]
    made = hub.commit(REPO, ADDS, title="Those", parent=head.commit)
    assert contents(made) == {"old": b"1"} | {add.path: add.content for add in ADDS}
    assert len(hub_server.repos[REPO]) == 3
    assert max(puts(hub_server).values()) == 1


def test_what_is_there_is_not_sent_and_nobody_is_asked(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    head = commit_on_head(hub, *ADDS)
    hub_server.requests.clear()
    with hub.uploading(REPO, head) as upload:
        upload(ADDS)
    assert hub_server.requests == []


def test_a_local_file_that_cannot_be_read_is_left_to_the_commit(hub: HuggingFaceHub, tmp_path: Path) -> None:
    head = commit_on_head(hub, Add("old", b"1"))
    local = tmp_path / "local.parquet"
    with hub.uploading(REPO, head) as upload:
        upload([Add("a.parquet", local)])
    local.write_bytes(b"PAR1 now")
    assert contents(commit_on_head(hub, Add("a.parquet", local)))["a.parquet"] == b"PAR1 now"


def test_work_that_is_given_up_ends_the_upload_too(
    hub: HuggingFaceHub, hub_server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that wait for the current upload to end are not sent, since there will be no commit."""
    head = commit_on_head(hub, Add("old", b"1"))
    hub_server.requests.clear()
    has_come, goes_on = Event(), Event()

    def hold() -> None:
        has_come.set()
        assert goes_on.wait(PATIENCE_SECONDS)

    class Executor(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            goes_on.set()
            super().shutdown(wait=wait)

    hub_server.faults.append(Fault("PUT /large/", before=hold))
    monkeypatch.setattr(early_uploads, "ThreadPoolExecutor", Executor)
    with pytest.raises(KeyboardInterrupt), hub.uploading(REPO, head) as upload:
        for add in ADDS:
            upload([add])
        assert has_come.wait(PATIENCE_SECONDS)
        raise KeyboardInterrupt
    assert hub_server.count("PUT /large/") == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("upload")]
    assert contents(commit_on_head(hub, *ADDS[2:])) == {"old": b"1", "2.parquet": b"PAR1 2", "3.parquet": b"PAR1 3"}
