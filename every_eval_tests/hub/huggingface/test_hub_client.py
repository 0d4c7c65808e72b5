"""A commit is made exactly once, whatever goes wrong, and what waiting cannot correct is reported at once."""

from pathlib import Path
from typing import Any

import pytest

from every_eval.errors import ConfigurationError, HubUnavailable, PublishConflict, TerminalError
from every_eval.hub.hub import Add, Delete, publish
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.network.retries import MAX_ATTEMPTS, RETRY_AFTER_SECONDS
from every_eval_tests.hub.commits import Blob
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head, contents

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

COMMIT = "POST .*/commit/"
SHARD = b"PAR1" + bytes(range(256)) * 40
CHANGES = (Add("stats/a-2.parquet", SHARD), Delete("stats/a-1.parquet"), Add("README.md", b"---\n---\nnew card"))
AFTER = {"README.md": b"---\n---\nnew card", "kept": b"kept", "stats/a-2.parquet": SHARD}


@pytest.fixture(autouse=True)
def filled(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    commit_on_head(hub, Add("kept", b"kept"), Add("stats/a-1.parquet", b"PAR1 old"), Add("README.md", b"old"))
    hub_server.requests.clear()


def rival(server: HubServer, n_commits: int = 1) -> None:
    for _ in range(n_commits):
        server.commit(REPO, "A rival's", {"rival": Blob(b"%d" % len(server.repos[REPO]), is_large=False)})


FAULTS: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (408, 409, 412, 425, 429, 500, 502, 503, 504)},
    **{f"{status} though accepted": {"status": status, "is_accepted": True} for status in (429, 500, 502, 503, 504)},
    "cut before acceptance": {"ending": "cut"},
    "reset before acceptance": {"ending": "reset"},
    "cut after acceptance": {"ending": "cut", "is_accepted": True},
    "reset after acceptance": {"ending": "reset", "is_accepted": True},
    "half an answer": {"ending": "truncated"},
    "an answer that is not JSON": {"ending": "flipped"},
}
STEPS = [
    "validate-yaml",
    "preupload",
    "objects/batch",
    "PUT /large/",
    "POST /verify",
    COMMIT,
    "paths-info",
    "GET .*/revision/",
]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_commit_that_goes_wrong_is_made_once(
    hub: HuggingFaceHub, hub_server: HubServer, fault: dict[str, Any], times: int
) -> None:
    hub_server.faults.append(Fault(COMMIT, times=times, **fault))
    made = commit_on_head(hub, *CHANGES)
    assert contents(made) == contents(hub.snapshot(REPO)) == AFTER
    assert made.commit == hub.snapshot(REPO).commit
    assert made.committed_at == NOON
    assert len(hub_server.repos[REPO]) == 3  # The Hub's own, the one before, and this.


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "2"}}, {"ending": "cut"}]
)
def test_each_step_of_a_commit_may_go_wrong(
    hub: HuggingFaceHub, hub_server: HubServer, step: str, fault: dict[str, Any]
) -> None:
    hub_server.faults.append(Fault(step, times=2, **fault))
    assert contents(commit_on_head(hub, *CHANGES)) == AFTER
    assert len(hub_server.repos[REPO]) == 3
    # A content whose verification failed is on the Hub, so that the second attempt has nothing to verify.
    assert [fault.times for fault in hub_server.faults] == [1 if step == "POST /verify" else 0]


@pytest.mark.parametrize("step", ["paths-info", "GET .*/revision/", "GET .*/tree/"])
def test_a_commit_that_not_all_of_the_hub_knows_yet_is_waited_for(
    hub: HuggingFaceHub, hub_server: HubServer, waits: list[float], tmp_path: Path, step: str
) -> None:
    hub_server.faults.append(Fault(step, status=404, headers={"X-Error-Code": "RevisionNotFound"}, times=2))
    made = commit_on_head(hub, *CHANGES)
    other = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "other", sleep=waits.append)
    assert contents(other.snapshot(REPO)) == contents(made)
    assert waits == [1, 2]


@pytest.mark.parametrize("n_rivals", [1, 20])
def test_a_commit_that_landed_below_those_of_rivals_is_found(
    hub: HuggingFaceHub, hub_server: HubServer, n_rivals: int
) -> None:
    hub_server.faults.append(Fault(COMMIT, ending="cut", is_accepted=True))
    hub_server.faults.append(Fault("GET .*[?]expand", skip=2, before=lambda: rival(hub_server, n_rivals)))
    made = commit_on_head(hub, *CHANGES)
    assert made.commit == hub_server.repos[REPO][2].id
    assert contents(made) == AFTER
    assert len(hub_server.repos[REPO]) == 3 + n_rivals
    assert "rival" in hub.snapshot(REPO).files


@pytest.mark.parametrize("fault", [{}, {"ending": "cut"}, {"status": 504}], ids=["412", "cut", "504"])
def test_a_rival_that_was_faster_is_a_conflict_and_nothing_lands(
    hub: HuggingFaceHub, hub_server: HubServer, fault: dict[str, Any]
) -> None:
    hub_server.faults.append(Fault(COMMIT, before=lambda: rival(hub_server), **fault))
    with pytest.raises(PublishConflict):
        commit_on_head(hub, *CHANGES)
    assert [commit.title for commit in hub_server.repos[REPO]] == ["initial commit", "A commit", "A rival's"]
    assert contents(publish(hub, REPO, "Again", lambda _: CHANGES)) == {**AFTER, "rival": b"2"}


def test_machines_that_plan_the_same_make_one_commit_between_them(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path
) -> None:
    other = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "other")
    hub_server.faults.append(Fault(COMMIT, before=lambda: commit_on_head(other, *CHANGES)))
    made = commit_on_head(hub, *CHANGES)
    assert hub_server.count(COMMIT) == 2
    assert made.commit == other.snapshot(REPO).commit
    assert len(hub_server.repos[REPO]) == 3


def test_a_hub_that_stays_down_is_given_up(hub: HuggingFaceHub, hub_server: HubServer, waits: list[float]) -> None:
    hub_server.faults.append(Fault(COMMIT, status=503, times=99))
    with pytest.raises(HubUnavailable, match=r"Cannot commit to evaleval/every_eval_ever: .* answers 503"):
        commit_on_head(hub, *CHANGES)
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert hub_server.count(COMMIT) == MAX_ATTEMPTS
    assert hub_server.count("PUT /large/") == 1
    assert len(hub_server.repos[REPO]) == 2


def test_a_hub_that_does_not_listen_is_given_up(hub: HuggingFaceHub, hub_server: HubServer, waits: list[float]) -> None:
    hub_server.faults.append(Fault(".", ending="cut", times=999))
    with pytest.raises(
        HubUnavailable,
        match=r"Cannot look up evaleval/every_eval_ever: .* gives no complete answer .* Check HF_ENDPOINT",
    ):
        hub.snapshot(REPO)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Fri, 20 Nov 2020 12:05:00 GMT"}, 0),
        ({"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=128;w=3600'}, 55),
        ({"RateLimit": '"api";r=3;t=55'}, 1),
        ({"Retry-After": "soon"}, 1),
        ({}, 1),
    ],
)
def test_a_busy_hub_is_left_alone_for_as_long_as_it_says(
    hub: HuggingFaceHub, hub_server: HubServer, waits: list[float], headers: dict[str, str], seconds: float
) -> None:
    hub_server.faults.append(Fault(COMMIT, status=429, headers=headers))
    commit_on_head(hub, *CHANGES)
    assert waits == [seconds]


def test_a_hub_that_asks_for_more_than_an_hour_is_tried_once_more_after_a_quarter(
    hub: HuggingFaceHub, hub_server: HubServer, waits: list[float]
) -> None:
    hub_server.faults.append(Fault(COMMIT, status=429, headers={"Retry-After": "3601"}, times=2))
    with pytest.raises(HubUnavailable):
        commit_on_head(hub, *CHANGES)
    assert (hub_server.count(COMMIT), waits) == (2, [RETRY_AFTER_SECONDS])


@pytest.mark.parametrize("is_accepted", [True, False])
def test_a_busy_hub_is_asked_for_nothing_before_the_wait_is_over(
    hub_server: HubServer, tmp_path: Path, is_accepted: bool
) -> None:
    """It is not even asked whether it made the commit."""
    n_requests = list[int]()

    def sleep(seconds: float) -> None:
        assert seconds == 5
        n_requests.append(len(hub_server.requests))
        [last, _, _] = hub_server.requests[-1]
        assert "/commit/" in last

    hub = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "cache", sleep)
    hub_server.faults.append(Fault(COMMIT, status=429, headers={"Retry-After": "5"}, is_accepted=is_accepted, times=2))
    made = commit_on_head(hub, *CHANGES)
    assert len(n_requests) == (1 if is_accepted else 2)
    assert len(hub_server.repos[REPO]) == 3 and made.commit == hub_server.repos[REPO][2].id
    assert hub_server.count(COMMIT) == (1 if is_accepted else 3)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, TerminalError), (401, ConfigurationError), (403, ConfigurationError), (413, TerminalError)],
)
@pytest.mark.parametrize("step", ["preupload", "objects/batch", COMMIT])
def test_what_the_hub_refuses_is_not_tried_again(
    hub: HuggingFaceHub, hub_server: HubServer, step: str, status: int, error: type[Exception]
) -> None:
    hub_server.faults.append(Fault(step, status=status, times=99))
    with pytest.raises(error):
        commit_on_head(hub, *CHANGES)
    assert hub_server.count(step) == 1
    assert len(hub_server.repos[REPO]) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_signed_address_that_has_expired_is_asked_for_anew(
    hub: HuggingFaceHub, hub_server: HubServer, tmp_path: Path, waits: list[float], status: int
) -> None:
    hub_server.faults.append(Fault("PUT /large/", status=status, times=2))
    assert contents(commit_on_head(hub, *CHANGES)) == AFTER
    assert hub_server.count("objects/batch") == 3
    hub_server.faults.append(Fault("GET /large/", status=status, times=2))
    other = HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "other", waits.append)
    hub_server.requests.clear()
    assert contents(other.snapshot(REPO)) == AFTER
    assert hub_server.count("GET .*/resolve/.*/stats/") == 3


def test_file_storage_that_keeps_refusing_is_given_up(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    hub_server.faults.append(Fault("PUT /large/", status=403, times=99))
    with pytest.raises(HubUnavailable, match=r"answers 403 .* The signed address has probably expired"):
        commit_on_head(hub, *CHANGES)
    assert hub_server.count("PUT /large/") == MAX_ATTEMPTS


def test_a_card_that_the_hub_cannot_read_is_said(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    hub_server.faults.append(Fault("validate-yaml", status=400))
    with pytest.raises(TerminalError, match=r"Invalid metadata in README\.md"):
        commit_on_head(hub, *CHANGES)


@pytest.mark.parametrize("fault", [{"status": 503}, {"ending": "cut", "is_accepted": True}, {"ending": "reset"}])
def test_a_repo_is_created_once(hub: HuggingFaceHub, hub_server: HubServer, fault: dict[str, Any]) -> None:
    hub_server.faults.append(Fault("POST /api/repos/create", **fault))
    made = hub.commit("evaleval/new", [Add("a", b"1")], title="First", parent=None)
    assert contents(made) == {"a": b"1"}
    assert [commit.title for commit in hub_server.repos["evaleval/new"]] == ["initial commit", "First"]


def test_a_repo_that_a_rival_created_meanwhile_is_a_conflict(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    def create() -> None:
        hub_server.repos["evaleval/new"] = [*hub_server.repos[REPO]]

    hub_server.faults.append(Fault("POST /api/repos/create", before=create))
    with pytest.raises(PublishConflict, match="Somebody else has created evaleval/new"):
        hub.commit("evaleval/new", [Add("a", b"1")], title="First", parent=None)


def test_a_repo_that_is_not_seen_once_created_is_waited_for(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    hub_server.faults.append(Fault("GET .*/new[?]", skip=1, status=404, headers={"X-Error-Code": "RepoNotFound"}))
    with pytest.raises(HubUnavailable, match="was created, but cannot be seen"):
        hub.commit("evaleval/new", [Add("a", b"1")], title="First", parent=None)
    assert contents(publish(hub, "evaleval/new", "First", lambda _: [Add("a", b"1")])) == {"a": b"1"}


def test_a_name_that_the_hub_does_not_take_is_said(hub: HuggingFaceHub) -> None:
    with pytest.raises(TerminalError, match="Cannot have -- or"):
        hub.snapshot("evaleval/every--eval")


def test_listings_are_read_page_by_page_and_each_commit_once(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    names = {f"data/{number:03}/x": Blob(b"%d" % number, is_large=False) for number in range(30)}
    hub_server.commit(REPO, "Many", {**names})
    listed = hub.snapshot(REPO)
    assert len(listed.files) == 33
    n_pages = hub_server.count("GET .*/tree/")
    assert n_pages == 10  # 30 + 3 + .gitattributes files and 32 folders, 7 a page.
    assert hub.snapshot(REPO) == listed
    assert hub_server.count("GET .*/tree/") == n_pages


def test_a_page_of_a_listing_that_goes_wrong_is_read_again(hub: HuggingFaceHub, hub_server: HubServer) -> None:
    hub_server.commit(REPO, "Many", {f"{number:03}": Blob(b"1", is_large=False) for number in range(30)})
    hub_server.faults += [Fault("GET .*/tree/", status=500, skip=1), Fault("cursor", ending="truncated", skip=1)]
    assert len(hub.snapshot(REPO).files) == 33
