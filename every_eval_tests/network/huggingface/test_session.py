"""The token is sent to the Hub alone, and is in no error and no log."""

import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import get_session
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # Lazily exported.

from every_eval.errors import ConfigurationError, EveryEvalError
from every_eval.hub.hub import Add
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.network.huggingface.session import SILENCE_SECONDS
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head, contents

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

STEPS = [
    "repos/create",
    "preupload",
    "objects/batch",
    "PUT /large/",
    "POST .*/commit/",
    "GET .*/tree/",
    "/resolve/",
    "GET /large/",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 403}, {"status": 400}, {"ending": "cut"}])
def test_the_token_is_in_no_error_and_no_log(
    hub: HuggingFaceHub,
    publisher: HuggingFaceHub,
    hub_server: HubServer,
    caplog: pytest.LogCaptureFixture,
    step: str,
    fault: dict[str, Any],
) -> None:
    """The text of the server's error holds the authorization that the server has received."""
    caplog.set_level(logging.DEBUG)
    hub_server.faults.append(Fault(step, times=999, **fault))
    with pytest.raises(EveryEvalError) as caught:
        commit_on_head(publisher, Add("a.parquet", b"PAR1"))
        contents(hub.snapshot(REPO))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert not hub_server.tokens_sent_elsewhere()


def test_the_token_goes_to_the_hub_alone(hub: HuggingFaceHub, publisher: HuggingFaceHub, hub_server: HubServer) -> None:
    commit_on_head(publisher, Add("a.parquet", b"PAR1"), Add("b", b"1"))
    assert contents(hub.snapshot(REPO)) == {"a.parquet": b"PAR1", "b": b"1"}
    assert hub_server.count("/large/") == 2
    assert not hub_server.tokens_sent_elsewhere()
    assert all(authorization for request, _, authorization in hub_server.requests if "/large/" not in request)


def test_even_a_request_made_with_the_token_does_not_take_it_to_another_host(
    hub: HuggingFaceHub, hub_server: HubServer
) -> None:
    commit_on_head(hub, Add("a.parquet", b"PAR1"))
    hub_server.requests.clear()
    get_session().get(f"{hub_server.large_files_url}/api/whoami-v2", headers={"Authorization": f"Bearer {TOKEN}"})
    get_session().get(f"{hub_server.url}/api/whoami-v2", headers={"Authorization": f"Bearer {TOKEN}"})
    assert [authorization for _, _, authorization in hub_server.requests] == [None, f"Bearer {TOKEN}"]


def test_no_request_waits_for_ever(hub: HuggingFaceHub) -> None:
    assert hub.location(REPO)
    seen: list[dict[str, float]] = []

    def record(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200)

    session = get_session()
    assert session.timeout == httpx.Timeout(SILENCE_SECONDS)
    with httpx.Client(event_hooks=session.event_hooks, transport=httpx.MockTransport(record), timeout=None) as client:
        client.get("http://hub.invalid/")
        client.get("http://hub.invalid/", timeout=3)
    assert seen == [dict.fromkeys(("connect", "read", "write", "pool"), seconds) for seconds in (SILENCE_SECONDS, 3)]


@pytest.mark.parametrize("token", ["hf_with\nnewline", "hf_with space", "hf_ünicode"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(tmp_path: Path, token: str) -> None:
    with pytest.raises(ConfigurationError, match="HF_TOKEN holds characters that no token has") as caught:
        HuggingFaceHub(token, None, tmp_path)
    assert "hf_" not in str(caught.value)


def test_space_around_a_token_is_not_part_of_it(hub_server: HubServer, tmp_path: Path) -> None:
    assert commit_on_head(HuggingFaceHub(f" {TOKEN}\n", hub_server.url, tmp_path), Add("a", b"1")).commit


@pytest.mark.parametrize(
    ("token", "advice"),
    [(None, "HF_TOKEN is not set"), ("", "HF_TOKEN is not set"), ("hf_wrong", "HF_TOKEN is rejected")],
)
def test_a_token_that_may_not_write_is_said(
    hub_server: HubServer, tmp_path: Path, token: str | None, advice: str
) -> None:
    hub = HuggingFaceHub(token, hub_server.url, tmp_path)
    with pytest.raises(ConfigurationError, match=advice):
        commit_on_head(hub, Add("a", b"1"))
