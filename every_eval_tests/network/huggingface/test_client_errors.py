"""The most requests that a call on a broken Hub costs, the longest time that it takes, and what people are told."""

import socket
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from every_eval.errors import ConfigurationError, HubUnavailable
from every_eval.hub.hub import Add, Delete
from every_eval.hub.huggingface import hub_client
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.network.huggingface import session
from every_eval.network.retries import GIVE_UP_SECONDS, MAX_ATTEMPTS, MAX_REFUSALS, RETRY_AFTER_SECONDS, RetryPolicy
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

SHARD = b"PAR1" + bytes(range(256)) * 40
CALLS = {
    "look up": "GET /api/datasets/[^/]+/[^/]+[?]expand",
    "list": "GET .*/tree/",
    "download": "GET /large/",
    "create": "repos/create",
    "preupload": "preupload",
    "batch": "objects/batch",
    "put": "PUT /large/",
    "verify": "POST /verify",
    "validate": "validate-yaml",
    "commit": "POST .*/commit/",
    "look up files": "paths-info",
    "whoami": "whoami",
}


def use_everything(hub: HuggingFaceHub) -> None:
    """Make every kind of call."""
    hub.check_access(REPO)
    commit_on_head(hub, Add("a.parquet", SHARD), Add("README.md", b"---\n---\ncard"))
    commit_on_head(hub, Add("b.parquet", SHARD[::-1]), Delete("a.parquet")).fetch("b.parquet").unlink()
    hub.snapshot(REPO).fetch("b.parquet")


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"ending": "cut"}, {"ending": "truncated"}])
def test_no_request_is_sent_more_often_than_the_policy_says(
    hub: HuggingFaceHub, hub_server: HubServer, call: str, fault: dict[str, Any]
) -> None:
    hub_server.faults.append(Fault(CALLS[call], times=999, **fault))
    n_bytes_gained = 0
    if fault == {"ending": "truncated"}:
        # Each attempt at a download gains half of the rest, until a byte is left; an upload's answer has no body to
        # cut; and a commit whose answer is cut has been made.
        n_bytes_gained = len(SHARD).bit_length() if call == "download" else 0
    is_done_anyway = call == "verify" or (fault == {"ending": "truncated"} and call in ("put", "commit"))
    with nullcontext() if is_done_anyway else pytest.raises(HubUnavailable):
        use_everything(hub)
    n_most = 2 if is_done_anyway else MAX_ATTEMPTS + n_bytes_gained
    assert (1 if is_done_anyway else MAX_ATTEMPTS) <= hub_server.count(CALLS[call]) <= n_most


@pytest.mark.parametrize("seconds", [RETRY_AFTER_SECONDS + 1, RETRY_AFTER_SECONDS / 3])
def test_a_server_may_ask_to_wait_for_a_quarter_of_an_hour_in_all(
    hub: HuggingFaceHub, hub_server: HubServer, waits: list[float], seconds: float
) -> None:
    hub_server.faults.append(Fault("whoami", status=429, headers={"Retry-After": f"{seconds:.0f}"}, times=999))
    with pytest.raises(HubUnavailable, match="answers 429 Too Many Requests"):
        hub.check_access(REPO)
    assert sum(waits) <= RETRY_AFTER_SECONDS
    assert hub_server.count("whoami") == 1 + len(waits)


def test_a_refused_connection_is_tried_three_times_and_the_setting_is_named(
    port: int, tmp_path: Path, waits: list[float]
) -> None:
    hub = HuggingFaceHub(TOKEN, f"http://127.0.0.1:{port}", tmp_path, sleep=waits.append)
    with pytest.raises(HubUnavailable) as caught:
        hub.snapshot(REPO)
    assert str(caught.value) == (
        f"Cannot reach the Hugging Face Hub at http://127.0.0.1:{port} (connection refused). Check HF_ENDPOINT."
    )
    assert len(waits) == MAX_REFUSALS - 1


def test_a_host_that_does_not_exist_is_asked_for_once(
    tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    hub = HuggingFaceHub(TOKEN, "http://hub.invalid", tmp_path, sleep=waits.append)
    with pytest.raises(ConfigurationError, match=r"Cannot reach .* http://hub\.invalid \(the host's name is unknown\)"):
        hub.snapshot(REPO)
    assert waits == []


@pytest.mark.parametrize("endpoint", ["huggingface.co", "ftp://huggingface.co", "http://", "http://[bad", "https:/x"])
def test_an_address_that_cannot_be_one_is_said_at_once(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match=r"HF_ENDPOINT is .* not an http\(s\) address"):
        HuggingFaceHub(TOKEN, endpoint, tmp_path)


def test_a_server_that_accepts_connections_and_never_answers_is_given_up_after_two_attempts(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits are a hundredth of the real ones, so that the ratio of silence to the time to give up is real."""
    monkeypatch.setattr(session, "SILENCE_SECONDS", session.SILENCE_SECONDS / 100)
    short = RetryPolicy(give_up_seconds=GIVE_UP_SECONDS / 100, backoff_seconds=0.01, sleep=waits.append)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = hub_client.HubClient(TOKEN, endpoint, short)
        with pytest.raises(HubUnavailable, match=r"gives no complete answer \(no answer in time\)\. Check HF_ENDPOINT"):
            client.head(REPO)
    assert len(waits) == 1


def test_what_the_session_may_not_send_is_said_at_once(
    hub: HuggingFaceHub, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigurationError, match="HF_HUB_OFFLINE"):
        hub.snapshot(REPO)
    assert waits == []


def test_a_storage_that_cannot_be_reached_is_told_from_the_hub(
    hub: HuggingFaceHub, publisher: HuggingFaceHub, hub_server: HubServer, port: int
) -> None:
    commit_on_head(publisher, Add("a.parquet", SHARD))
    hub_server.large_files_url = f"http://localhost:{port}"
    with pytest.raises(HubUnavailable, match=r"Cannot reach localhost, .* file storage \(connection refused\)\."):
        hub.snapshot(REPO).fetch("a.parquet")


def test_a_download_goes_on_where_the_last_attempt_ended(
    hub: HuggingFaceHub, publisher: HuggingFaceHub, hub_server: HubServer
) -> None:
    content = SHARD * 100
    commit_on_head(publisher, Add("a.parquet", content))
    hub_server.faults.append(Fault("GET /large/", ending="truncated", times=MAX_ATTEMPTS + 2))
    before = hub_server.sent
    assert hub.snapshot(REPO).fetch("a.parquet").read_bytes() == content
    assert hub_server.count("GET /large/") == MAX_ATTEMPTS + 3
    assert hub_server.sent - before < len(content) * 1.1
