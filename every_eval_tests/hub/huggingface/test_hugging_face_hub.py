"""The Hugging Face Hub beyond the contract: the requests it needs, the files it ignores, and many faults at once."""

import multiprocessing
import random
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from every_eval.errors import ConfigurationError, HubUnavailable, TerminalError
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval_tests.hub.commits import Blob
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, HubServer
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head, contents, open_hub

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)


def test_files_that_have_not_changed_are_not_uploaded(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    old = [Add(f"{number}.parquet", b"PAR1 %d" % number) for number in range(5)]
    commit_on_head(hub, *old)
    hub_server.requests.clear()
    commit_on_head(hub, *old, Add("5.parquet", b"PAR1 5"))
    assert hub_server.count("PUT /large/") == 1
    hub_server.requests.clear()
    commit_on_head(hub, *old, Delete("absent"))
    assert {request.split()[0] for request, _, _ in hub_server.requests} == {"GET"}


@pytest.mark.parametrize("fault", [None, {"status": 503}, {"ending": "cut", "is_accepted": True}])
def test_a_content_at_two_paths_is_uploaded_once(
    hub: HuggingFaceHub, hub_server: HubServer, fault: dict[str, Any] | None
) -> None:
    hub_server.faults += [Fault("POST .*/commit/", **fault)] if fault else []
    twins = dict.fromkeys(("latest/a.parquet", "a_20261120.parquet", "b.parquet"), b"PAR1 the same")
    small = dict.fromkeys(("c", "d"), b"the same")
    files = {**twins, **small, "e.parquet": b"PAR1 another"}
    made = commit_on_head(hub, *(Add(path, content) for path, content in files.items()))
    assert contents(made) == files
    assert hub_server.count("PUT /large/") == 2
    assert len(hub_server.repos[REPO]) == 2


def test_files_of_git_are_neither_listed_nor_in_the_way(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    commit_on_head(hub, Add("a", b"1"))
    assert set(hub.snapshot(REPO).files) == {"a"}
    assert set(hub_server.repos[REPO][-1].files) == {".gitattributes", "a"}


def test_a_file_that_the_repo_ignores_is_said(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    commit_on_head(hub, Add("a", b"1"))
    hub_server.commit(REPO, "Ignore", {".gitignore": Blob(b"b", is_large=False)})
    with pytest.raises(TerminalError, match=r"lacks 1 of its files, .* Does a \.gitignore in the repo exclude b\?"):
        commit_on_head(hub, Add("b", b"1"), Add("c", b"1"))


def test_a_repo_that_may_be_private_is_not_taken_for_an_empty_one(hub_server: HubServer, tmp_path: Path) -> None:
    hub_server.faults.append(Fault("GET", status=401, headers={"X-Error-Code": "RepoNotFound"}))
    with pytest.raises(ConfigurationError, match="HF_TOKEN is not set"):
        HuggingFaceHub(None, hub_server.url, tmp_path).snapshot(REPO)


def test_locations_are_pages_of_the_hub(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    assert hub.location(REPO) == f"{hub_server.url}/datasets/{REPO}"
    assert hub.location(REPO, "latest/a.parquet") == f"{hub_server.url}/datasets/{REPO}/blob/main/latest/a.parquet"


FAULTS: list[dict[str, Any]] = [
    *({"status": status} for status in (408, 412, 429, 500, 502, 503, 504)),
    *({"status": status, "is_accepted": True} for status in (429, 500, 504)),
    *({"ending": ending} for ending in ("cut", "reset", "truncated", "flipped")),
    *({"ending": ending, "is_accepted": True} for ending in ("cut", "reset")),
]
STEPS = [
    "POST .*/commit/",
    "POST .*/commit/",
    "preupload",
    "batch",
    "PUT",
    "paths-info",
    "GET /api",
    "GET /large/",
    "resolve",
]


def week(number: int) -> dict[str, bytes | None]:
    """Return what a week changes: new files, a replaced file, an updated file and a deleted file; null is deleted."""
    return {
        f"data/{number}.parquet": b"PAR1 data of week %d" % number,
        f"stats/{number}-a.parquet": b"PAR1 statistics of week %d" % number,
        f"stats/{number - 1}-a.parquet": None,
        f"data/{number // 2}.parquet": b"PAR1 data of week %d, again" % (number // 2),
        "catalog": b"weeks to %d" % number,
    }


def publish_week(hub: Hub, number: int) -> None:
    def plan(head: Snapshot) -> list[Change]:
        seen = head.fetch("catalog").read_bytes() if "catalog" in head.files else b""
        assert seen in (b"", b"weeks to %d" % (number - 1), b"weeks to %d" % number)
        return [Add(path, new) if new is not None else Delete(path) for path, new in week(number).items()]

    publish(hub, REPO, f"Week {number}", plan)


@pytest.mark.parametrize("seed", range(3))
def test_after_a_long_bad_day_every_file_is_there_once(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path, seed: int
) -> None:
    """There are faults of every kind at every step, and rivals; each week is published again until it succeeds."""
    folder = FolderHub(tmp_path / "folder", lambda: NOON)
    dice = random.Random(seed)
    n_faults = n_rivals = 0

    def rival() -> None:
        nonlocal n_rivals
        if REPO in hub_server.repos:
            n_rivals += 1
            hub_server.commit(REPO, "A rival's", {f"rival/{n_rivals}": Blob(b"%d" % n_rivals, is_large=False)})

    for number in range(1, 13):
        for _ in range(6):
            before = rival if dice.random() < 0.15 else None
            fault = Fault(dice.choice(STEPS), before=before, times=dice.choice([1, 1, 2, 7]), **dice.choice(FAULTS))
            hub_server.faults.append(fault)
        for _ in range(30):
            try:
                publish_week(hub, number)
                break
            except HubUnavailable:
                continue
        n_faults += sum(fault.times == 0 for fault in hub_server.faults)
        hub_server.faults.clear()
        publish_week(folder, number)
    published = contents(hub.snapshot(REPO))
    assert n_faults > 40
    assert {path: content for path, content in published.items() if not path.startswith("rival/")} == contents(
        folder.snapshot(REPO)
    )
    assert sum(path.startswith("rival/") for path in published) == n_rivals
    titles = [commit.title for commit in hub_server.repos[REPO] if commit.title.startswith("Week")]
    assert titles == [f"Week {number}" for number in range(1, 13)]
    assert not hub_server.tokens_sent_elsewhere()


@pytest.mark.slow
def test_a_process_killed_at_any_request_leaves_a_whole_commit_or_none(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path
) -> None:
    publish_week(hub, 1)
    spawn = multiprocessing.get_context("spawn")
    address = f"huggingface:{tmp_path / 'cache'}:{hub_server.url}"
    outcomes = []
    for step in range(100):
        number = step + 2
        process: BaseProcess = spawn.Process(target=publish_in_process, args=(address, number))
        fault = Fault(".", skip=step // 2, before=process.kill, is_accepted=step % 2 == 1, ending="cut")
        hub_server.faults.append(fault)
        process.start()
        process.join()
        hub_server.faults.clear()
        outcomes.append(process.exitcode)
        publish_week(hub, number)
        titles = [commit.title for commit in hub_server.repos[REPO]]
        assert titles.count(f"Week {number}") == 1
        if process.exitcode == 0:
            break
    assert len(outcomes) > 20


def publish_in_process(address: str, number: int) -> None:
    publish_week(open_hub(address), number)
