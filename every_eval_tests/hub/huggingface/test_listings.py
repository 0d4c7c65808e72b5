"""Listings that lack files, and heads that are older than what this process has committed."""

import json
import logging
from pathlib import Path

import pytest

from every_eval.errors import HubUnavailable
from every_eval.hub.hub import Add, Snapshot
from every_eval.hub.huggingface.hugging_face_hub import MAX_LISTINGS, HuggingFaceHub
from every_eval_tests.hub.commits import Blob
from every_eval_tests.hub.faults import Answer, Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head, contents

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

FILES = {f"data/{name}.parquet": b"PAR1 " + name.encode() for name in "abcdefgh"}
TREE = "GET .*/tree/"


def without(*names: str) -> Fault:
    """The next page of a listing lacks the entries whose paths contain one of the names."""

    def change(answer: Answer) -> Answer:
        entries = [entry for entry in json.loads(answer.body) if not any(name in entry["path"] for name in names)]
        return Answer(answer.status, answer.headers, json.dumps(entries).encode())

    return Fault(TREE, change=change)


def last_page(answer: Answer) -> Answer:
    """Take the address of the next page from an answer."""
    return Answer(answer.status, {name: text for name, text in answer.headers.items() if name != "Link"}, answer.body)


@pytest.fixture
def seen(hub: HuggingFaceHub, hub_server: HubServer, waits: list[float], tmp_path: Path) -> HuggingFaceHub:
    """The Hub, opened elsewhere, where a listing that lacks one of the files is doubted."""
    commit_on_head(hub, *(Add(path, content) for path, content in FILES.items()))
    hub_server.requests.clear()

    def doubt(_: str, snapshot: Snapshot) -> str | None:
        missing = sorted(FILES.keys() - snapshot.files.keys())
        return f"{missing[0]} is missing" if missing else None

    return HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "elsewhere", waits.append, doubt)


INCOMPLETE = {
    "a file": without("c.parquet"),
    "a page": Fault(TREE, change=last_page),
    "a folder": without("data/"),
    "all": without(""),
}


@pytest.mark.parametrize("fault", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_listing_that_lacks_files_is_asked_for_again(
    seen: HuggingFaceHub, hub_server: HubServer, fault: Fault
) -> None:
    hub_server.faults.append(fault)
    assert contents(seen.snapshot(REPO)) == FILES
    assert fault.times == 0


def test_a_folder_without_its_files_is_noticed_without_knowing_the_files(
    hub: HuggingFaceHub, hub_server: HubServer, waits: list[float], tmp_path: Path
) -> None:
    commit_on_head(hub, Add("one/a", b"1"), Add("two/b", b"2"))
    other = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "other", waits.append)
    hub_server.faults.append(without("two/b"))
    assert set(other.snapshot(REPO).files) == {"one/a", "two/b"}


def test_two_listings_that_agree_are_believed_and_it_is_said(
    seen: HuggingFaceHub, hub_server: HubServer, caplog: pytest.LogCaptureFixture
) -> None:
    hub_server.commit(REPO, "Delete on purpose", {"data/c.parquet": None})
    with caplog.at_level(logging.WARNING):
        assert set(seen.snapshot(REPO).files) == FILES.keys() - {"data/c.parquet"}
    assert "agree, although data/c.parquet is missing" in caplog.text
    hub_server.requests.clear()
    seen.snapshot(REPO)
    assert hub_server.count(TREE) == 0


def test_listings_that_never_agree_are_an_error(seen: HuggingFaceHub, hub_server: HubServer) -> None:
    for name in "abdefgh"[:MAX_LISTINGS]:
        hub_server.faults += [without("c.parquet", f"{name}.parquet"), *([Fault(TREE)] if name < "h" else [])]
    with pytest.raises(HubUnavailable, match="5 listings of one commit differ, and data/"):
        seen.snapshot(REPO)
    hub_server.faults.clear()
    assert contents(seen.snapshot(REPO)) == FILES


def old_head(server: HubServer, age: int, times: int = 1) -> Fault:
    """The head is answered as it was some commits ago."""

    def change(answer: Answer) -> Answer:
        commits = server.repos[REPO]
        return Answer.of({**json.loads(answer.body), "sha": commits[max(-len(commits), -1 - age)].id})

    return Fault(f"GET /api/datasets/{REPO}[?]expand", change=change, times=times)


@pytest.mark.parametrize("age", [1, 2])
def test_a_commit_made_here_is_waited_for(
    hub: HuggingFaceHub, hub_server: HubServer, waits: list[float], age: int
) -> None:
    commit_on_head(hub, Add("a", b"1"))
    hub_server.commit(REPO, "A rival's", {"rival": Blob(b"1", is_large=False)})
    made = commit_on_head(hub, Add("b", b"2"))
    hub_server.faults.append(old_head(hub_server, age, times=3))
    assert hub.snapshot(REPO).commit == made.commit
    assert waits == [1, 2, 4]


def test_a_commit_returns_when_the_hub_shows_it(hub: HuggingFaceHub, hub_server: HubServer, waits: list[float]) -> None:
    commit_on_head(hub, Add("a", b"1"))
    fault = old_head(hub_server, 1, times=2)
    fault.skip = 1  # The first request finds out what to commit on.
    head = hub.snapshot(REPO).commit
    hub_server.faults.append(fault)
    hub.commit(REPO, [Add("b", b"2")], title="Second", parent=head)
    assert (waits, fault.times) == ([1, 2], 0)


def test_a_rivals_commit_on_top_is_taken_for_what_it_is(
    hub: HuggingFaceHub, hub_server: HubServer, waits: list[float]
) -> None:
    commit_on_head(hub, Add("a", b"1"))
    for number in range(20):
        hub_server.commit(REPO, "A rival's", {"rival": Blob(b"%d" % number, is_large=False)})
    assert "rival" in hub.snapshot(REPO).files
    assert waits == []


def test_a_commit_that_is_never_seen_is_an_error(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    made = commit_on_head(hub, Add("a", b"1"))
    hub_server.faults.append(old_head(hub_server, 1, times=99))
    with pytest.raises(HubUnavailable, match=f"Cannot see commit {made.commit} of {REPO}: the Hub still answers as it"):
        hub.snapshot(REPO)
