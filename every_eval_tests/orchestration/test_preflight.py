"""A job that cannot work says why at once, before it writes anything."""

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnreachable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.orchestration.preflight import check_published, check_source, check_space
from every_eval.storage.root import storage_at
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, MEMBER
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.orchestration.deployment import DATA, Deployment
from every_eval_tests.orchestration.online import Online, failures

pytestmark = [
    pytest.mark.filterwarnings(CLIENT_WARNING),
    pytest.mark.slow,
    pytest.mark.usefixtures("mmlu_alone"),
]

WEEKLY, DAILY = "weekly_data_processing", "daily_comprehensive_stats"
READER: dict[str, Any] = {**MEMBER, "auth": {"accessToken": {"role": "read"}}}
STRANGER: dict[str, Any] = {**MEMBER, "orgs": [], "auth": {"accessToken": {"role": "write"}}}
SCOPE = {"entity": {"type": "org", "name": "another"}, "permissions": ["repo.write"]}
ELSEWHERE: dict[str, Any] = {
    **MEMBER,
    "auth": {"accessToken": {"role": "fineGrained", "fineGrained": {"scoped": [SCOPE]}}},
}


def writes(online: Online) -> int:
    return online.server.count("^(POST|PUT)")


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (READER, "the token may only read"),
        (STRANGER, "not a member of evaleval"),
        (ELSEWHERE, "scopes do not include writing there"),
    ],
)
def test_a_token_that_may_not_write_is_said_before_anything_is_written(
    online: Online, who: dict[str, Any], reason: str
) -> None:
    online.server.who = who
    result = online.launch(WEEKLY)
    assert not result.success
    assert f"HF_TOKEN may not write to {DATA}: " in failures(result)
    assert reason in failures(result)
    assert "settings/tokens" in failures(result)
    assert writes(online) == 0


@pytest.mark.parametrize("job", [WEEKLY, "refresh"])
def test_a_missing_token_is_said_without_a_request(online: Online, job: str) -> None:
    result = online.launch(job, HF_TOKEN="")
    assert not result.success
    assert "HF_TOKEN is not set" in failures(result)
    assert writes(online) == 0
    assert online.server.count("/large/|/tree/") == 0


def test_a_token_that_the_hub_does_not_know_is_said(online: Online) -> None:
    online.server.faults.append(Fault("whoami", status=401))
    result = online.launch(WEEKLY)
    assert not result.success
    assert "HF_TOKEN is rejected" in failures(result)
    assert writes(online) == 0


def test_the_daily_job_says_that_there_is_nothing_to_read(online: Online) -> None:
    result = online.launch(DAILY)
    assert not result.success
    assert f"{DATA} does not exist: run weekly_data_processing first" in failures(result)
    assert writes(online) == 0


def test_the_daily_job_says_that_it_may_not_write(online: Online) -> None:
    assert online.launch(WEEKLY).success
    online.server.who = READER
    online.server.requests.clear()
    result = online.launch(DAILY)
    assert not result.success
    assert "HF_TOKEN may not write to evaleval/every_eval_score_ever" in failures(result)
    assert writes(online) == 0


def test_a_source_that_is_not_there_is_said(deployment: Deployment, tmp_path: Path) -> None:
    deployment.environment.setenv("EVERY_EVAL_HELM_ROOT", str(tmp_path / "nowhere"))
    result = deployment.launch(WEEKLY)
    assert not result.success
    assert str(tmp_path / "nowhere") in failures(result)
    assert not deployment.paths()


def test_a_source_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(UpstreamUnreachable, match="connection refused"):
        check_source(storage_at("http://127.0.0.1:9/crfm-helm-public"))


def test_a_source_that_answers_is_left_alone(deployment: Deployment) -> None:
    check_source(storage_at(str(deployment.root.path)))
    check_source(storage_at(None))


def test_a_full_disk_is_said_before_anything_is_written(deployment: Deployment) -> None:
    usage = namedtuple("usage", "total used free")
    deployment.environment.setattr(shutil, "disk_usage", lambda _: usage(10_000_000, 9_000_000, 1_000_000))
    for job in (WEEKLY, "refresh"):
        result = deployment.launch(job)
        assert not result.success
        assert "has 1,000,000 bytes left, and work files may take 4,000,000" in failures(result)
    assert not deployment.paths()


def test_there_is_room_where_there_is(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    check_space(tmp_path, free // 2)
    with pytest.raises(ConfigurationError, match="set TMPDIR to a folder on another disk"):
        check_space(tmp_path, free * 2)


def test_a_hub_in_a_folder_that_cannot_be_one_is_said(deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    deployment.environment.setenv("EVERY_EVAL_HUB", str(tmp_path / "file" / "hub"))
    result = deployment.launch(WEEKLY)
    assert not result.success
    assert f"EVERY_EVAL_HUB='{tmp_path}/file/hub' cannot be written to" in failures(result)
    assert "name another folder" in failures(result)


def test_a_folder_hub_without_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist: run weekly_data_processing first"):
        check_published(FolderHub(tmp_path, lambda: NOON), DATA)
