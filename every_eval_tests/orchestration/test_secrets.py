"""The token is only in requests to the Hub, also when requests fail and answers repeat the token."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from every_eval.orchestration.resources import HubResource
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN
from every_eval_tests.orchestration.deployment import DATA, SCORES
from every_eval_tests.orchestration.online import Online, failures
from every_eval_tests.storage.bucket_server import BucketServer

pytestmark = [pytest.mark.filterwarnings(CLIENT_WARNING), pytest.mark.slow]

FAULTS: list[tuple[str, int, dict[str, Any]]] = [
    ("whoami", 1, {"status": 403}),
    ("repos/create", 1, {"status": 400}),
    ("preupload", 1, {"status": 403}),
    ("objects/batch", 20, {"status": 503}),
    ("PUT /large/", 1, {"status": 400}),
    ("POST .*/commit/", 5, {"status": 504, "is_accepted": True}),
    ("POST .*/commit/", 1, {"ending": "reset", "is_accepted": True}),
    ("/tree/", 1, {"status": 403}),
    ("GET .*/resolve/", 1, {"status": 401}),
    ("GET /large/", 8, {"ending": "flipped"}),
]
"""Requests that go wrong, how often, and how."""
READING = ("/tree/", "GET .*/resolve/", "GET /large/")
"""Requests of a machine that finds what another one has published."""


def recorded(online: Online) -> Iterator[str]:
    """Everything that Dagster keeps: its events, its runs with their configuration, and its files."""
    instance = online.machine.instance
    for run in instance.get_runs():
        yield dg.serialize_value(run)
        yield from (dg.serialize_value(event) for event in instance.all_logs(run.run_id))
    for folder in (Path(instance.root_directory), online.place):
        yield from (path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


def test_the_token_is_in_no_log_no_event_no_file_and_goes_to_the_hub_alone(
    online: Online, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "mmlu")
    root = online.machine.root.path
    objects = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    texts, n_faults = list[str](), 0
    with BucketServer(objects) as bucket:
        monkeypatch.setenv("EVERY_EVAL_HELM_ROOT", bucket.root_url)
        for pattern, planned, how in FAULTS:
            fault = Fault(pattern, times=planned, **how)
            online.server.faults[:] = [fault]
            shutil.rmtree(online.place / "data", ignore_errors=True)
            if pattern not in READING:  # Everything is to be published again.
                online.server.repos.clear()
                online.server.large.clear()
            texts.append(failures(online.launch("refresh")))
            n_faults += fault.times < planned
        online.server.faults.clear()
        assert online.launch("refresh").success
        sent_to_source = [str(request) for request in bucket.requests]
    assert n_faults == len(FAULTS)
    assert sum("planned, for" in text for text in texts) >= 3
    assert sent_to_source
    published = [text for repo in (DATA, SCORES) for text in online.files(repo).values()]
    places = [*capfd.readouterr(), *texts, *sent_to_source, *recorded(online)]
    assert len(places) > 500
    assert not [place[:200] for place in places if TOKEN in place]
    assert not any(TOKEN.encode() in content for content in published)
    assert not online.server.tokens_sent_elsewhere()
    assert any(authorization == f"Bearer {TOKEN}" for _, _, authorization in online.server.requests)


def test_a_resource_does_not_show_the_token(online: Online, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HF_TOKEN": TOKEN, "HF_ENDPOINT": online.server.url, "EVERY_EVAL_HUB": "huggingface"}.items():
        monkeypatch.setenv(name, value)
    resource = HubResource()
    opened = resource.open()
    assert TOKEN not in f"{resource!r} {resource} {resource.model_dump()} {opened!r} {opened}"
