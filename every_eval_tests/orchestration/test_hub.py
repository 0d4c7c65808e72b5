"""The jobs against a server that speaks the Hub's protocol: the same bytes as in a folder, whatever goes wrong."""

import json
import os
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from math import log2
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from every_eval.errors import HubUnavailable
from every_eval.hub.hub import Add
from every_eval.network.retries import MAX_ATTEMPTS
from every_eval.orchestration.resources import HubResource
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.commits import Blob
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment
from every_eval_tests.orchestration.killing import processes, refresh_in_process
from every_eval_tests.orchestration.online import NOON, Online, failures, folder_files

pytestmark = [pytest.mark.filterwarnings(CLIENT_WARNING), pytest.mark.slow]

WEEKLY, DAILY = "weekly_data_processing", "daily_comprehensive_stats"
RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"


def same(files: Mapping[str, bytes], expected: Mapping[str, bytes]) -> None:
    """Compare byte for byte."""
    assert files.keys() == expected.keys()
    for path, content in files.items():
        assert content == expected[path], path


def test_the_server_gets_the_bytes_that_a_folder_gets_and_a_second_refresh_makes_no_commit(
    online: Online, deployment: Deployment
) -> None:
    assert deployment.launch("refresh").success
    assert online.launch("refresh").success
    for repo in (DATA, SCORES):
        same(online.files(repo), folder_files(deployment, repo))
    before, received = online.commits(), online.server.received
    assert not online.server.count("/resolve/")  # What a machine has published, it does not download.
    online.server.requests.clear()
    assert online.launch("refresh").success
    assert online.commits() == before
    assert online.server.received == received
    assert {request.split()[0] for request, _, _ in online.server.requests} == {"GET"}


@pytest.mark.usefixtures("mmlu_alone")
def test_another_machine_that_is_given_only_the_hub_goes_on(online: Online, tmp_path: Path) -> None:
    assert online.launch(WEEKLY).success
    online.move(tmp_path / "second")
    assert online.launch(DAILY).success
    shards = set(online.machine.instance.get_dynamic_partitions("helm_shards"))
    assert online.machine.metadata("helm/leaderboard")["shards_read"] == len(shards) > 1
    before = online.commits()
    online.move(tmp_path / "third")
    assert online.launch("refresh").success
    assert online.commits() == before
    assert set(online.machine.instance.get_materialized_partitions(dg.AssetKey(["helm", "stats"]))) == shards
    online.machine.root.copy_run("mmlu", "v1.0.0", RUN, "v1.2.0", RUN)
    online.server.requests.clear()
    assert online.launch("refresh").success
    assert online.machine.metadata("helm/leaderboard")["shards_read"] == 1
    assert online.server.count(r"PUT /large/") < 20
    assert not online.server.count(r"(GET|HEAD) .*/resolve/.*/(data|metrics)/")


@pytest.mark.usefixtures("mmlu_alone")
def test_the_daily_job_reads_of_the_shards_new_statistics_alone(online: Online, tmp_path: Path) -> None:
    assert online.launch("refresh").success
    online.machine.root.copy_run("mmlu", "v1.0.0", RUN, "v1.2.0", RUN)
    assert online.launch(WEEKLY).success
    online.move(tmp_path / "second")
    online.server.requests.clear()
    assert online.launch(DAILY).success
    read = [
        request.split("/resolve/")[1]
        for request, _, _ in online.server.requests
        if re.match("GET .*/resolve/", request)
    ]
    of_data = [path.split("/", 1)[1] for path in read if not path.split("/", 1)[1].startswith(("latest", "state"))]
    assert sorted(path.partition("/")[0] for path in of_data) == ["catalog", "releases", "shards", "stats"]


@pytest.mark.usefixtures("mmlu_alone")
@pytest.mark.parametrize(("broken", "fails", "works"), [(DATA, WEEKLY, DAILY), (SCORES, DAILY, WEEKLY)])
def test_each_job_works_while_the_other_cannot_publish_and_is_retried_alone(
    online: Online, broken: str, fails: str, works: str
) -> None:
    assert online.launch("refresh").success
    online.machine.root.copy_run("mmlu", "v1.0.0", RUN, "v1.2.0", RUN)
    before = online.files(broken)
    online.server.faults.append(Fault(f"POST /api/datasets/{broken}/commit", status=503, times=1_000))
    if fails == DAILY:
        assert online.launch(works).success
    failed = online.launch(fails)
    assert not failed.success
    assert "503" in failures(failed)
    assert online.launch(works).success
    assert online.files(broken) == before
    online.server.faults.clear()
    assert online.launch(fails).success
    assert online.files(broken) != before


@pytest.mark.usefixtures("mmlu_alone")
@pytest.mark.parametrize(("batch_shards", "n_commits"), [(1, 2), (8, 1)])
def test_shards_are_published_in_as_many_commits_as_wanted(online: Online, batch_shards: int, n_commits: int) -> None:
    config = {"ops": {"discover": {"config": {"batch_shards": batch_shards}}}}
    assert online.launch(WEEKLY, config).success
    titles = [commit.title for commit in online.server.repos[DATA] if commit.title.startswith("Publish")]
    assert len(titles) == n_commits
    assert sum(path.startswith("stats/") for path in online.files()) == 2


KINDS: list[dict[str, Any]] = [
    *({"status": status} for status in (412, 429, 500, 502, 503, 504)),
    *({"status": status, "is_accepted": True} for status in (429, 500, 504)),
    *({"ending": ending} for ending in ("cut", "reset", "truncated", "flipped")),
    *({"ending": ending, "is_accepted": True} for ending in ("cut", "reset")),
]
STEPS = ["POST .*/commit/", "preupload", "batch", "PUT", "paths-info", "GET /api", "GET /large/", "resolve"]


def plan_faults(server: HubServer, dice: random.Random, rivals: list[str]) -> None:
    """A bad week: faults of every kind, rivals, and the Hub down for a while."""

    def rival() -> None:
        repo = dice.choice([DATA, SCORES])
        if repo in server.repos:
            rivals.append(f"rival/{len(rivals)}")
            server.commit(repo, "A rival's", {rivals[-1]: Blob(b"%d" % len(rivals), is_large=False)})

    for _ in range(16):
        before = rival if dice.random() < 0.2 else None
        times, skip = dice.choice([1, 1, 2, 6]), dice.choice([0, 0, 1, 3])
        fault = Fault(dice.choice(STEPS), before=before, times=times, skip=skip, **dice.choice(KINDS))
        server.faults.append(fault)
    server.faults.append(Fault(".", status=503, skip=dice.choice([10, 40]), times=25))


def change(root: HelmRoot, week: int) -> None:
    """What a week brings upstream: a run, another with new numbers, one withdrawn, a release."""
    if week:
        root.copy_run("mmlu", "v1.0.0", RUN, f"v1.{week + 1}.0", RUN)
        spec = root.runs()[-week] / "run_spec.json"
        spec.write_text(json.dumps(json.loads(spec.read_text())) + " " * week)
    if week == 2:
        shutil.rmtree(root.run("mmlu", "v1.2.0", RUN))
        root.add_release("mmlu", "v1.1.0", "v1.2.0")


def folder_titles(deployment: Deployment) -> Counter[str]:
    """Titles of the commits that the deployment's folder has had."""
    manifests = (path for repo in (DATA, SCORES) for path in (deployment.hub / repo / ".every_eval/commits").iterdir())
    return Counter(plain(json.loads(path.read_bytes())["title"]) for path in manifests)


def plain(title: str) -> str:
    """The title without the data repo's commit, which each Hub names in its own way."""
    return title.partition(" at ")[0]


def persist(online: Online, job: str) -> None:
    """Launch a job until it succeeds, as its schedule would."""
    assert any(online.launch(job).success for _ in range(12))


@pytest.mark.usefixtures("mmlu_alone")
def test_after_bad_weeks_every_file_is_there_once_with_the_right_bytes(
    online: Online, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERY_EVAL_SHARD_BYTES", "1000000")
    dice, rivals, n_faults = random.Random(5), list[str](), 0
    for week in range(3):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON + 7 * 86_400 * week))
        change(deployment.root, week)
        for job in (WEEKLY, DAILY):
            assert deployment.launch(job).success
            plan_faults(online.server, dice, rivals)
            planned = sum(fault.times for fault in online.server.faults)
            persist(online, job)
            n_faults += planned - sum(fault.times for fault in online.server.faults)
            online.server.faults.clear()
            persist(online, job)
    assert n_faults >= 60
    assert rivals
    published = [online.files(DATA), online.files(SCORES)]
    for repo, files in zip((DATA, SCORES), published, strict=True):
        ours = {path: content for path, content in files.items() if path not in rivals}
        same(ours, folder_files(deployment, repo))
    assert sum(path in files for files in published for path in rivals) == len(rivals)
    commits = [commit for repo in (DATA, SCORES) for commit in online.server.repos[repo]]
    parents = {commit.id: commit for commit in commits}
    assert all(commit.files != parents[commit.parent].files for commit in commits if commit.parent)
    titles = Counter(plain(commit.title) for commit in commits if commit.title not in ("initial commit", "A rival's"))
    assert titles - Counter(Describe=99) == folder_titles(deployment) - Counter(Describe=99)
    assert not online.server.tokens_sent_elsewhere()


def test_a_busy_hub_is_waited_for_by_the_clock(online: Online, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is put in place of the waiting but the clock itself: first as the Hub says, then ever longer."""
    for name, value in {"EVERY_EVAL_HUB": "huggingface", "HF_TOKEN": TOKEN, "HF_ENDPOINT": online.server.url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    busy = Fault(f"POST /api/datasets/{DATA}/commit/", status=429, headers={"Retry-After": "1"}, times=2)
    online.server.faults += [busy, Fault(busy.on, status=503, times=3)]
    hub = HubResource().open()
    made = hub.commit(DATA, [Add("a", b"1")], title="First", parent=None)
    assert waited[:2] == [1, 1]
    assert [int(log2(seconds)) for seconds in waited[2:]] == [2, 3, 4]
    assert made.fetch("a").read_bytes() == b"1"
    online.server.faults.append(Fault(busy.on, status=503, times=MAX_ATTEMPTS))
    waited.clear()
    with pytest.raises(HubUnavailable, match="503"):
        hub.commit(DATA, [Add("a", b"2")], title="Second", parent=made.commit)
    assert [int(log2(seconds)) for seconds in waited] == [0, 1, 2, 3, 4, 4, 4]


DEATHS = [
    ("POST /api/repos/create", True),
    (f"POST /api/datasets/{DATA}/preupload/", False),
    ("PUT /large/", True),
    (f"POST /api/datasets/{DATA}/commit/", True),
    ("GET .*/resolve/.*/catalog/", False),
    (f"POST /api/datasets/{DATA}/commit/", False),
    (f"POST /api/datasets/{DATA}/commit/", True),
    (f"POST /api/datasets/{DATA}/paths-info/", False),
    (f"GET /api/datasets/{SCORES}", False),
    ("GET .*/resolve/.*/stats/", False),
    (f"POST /api/datasets/{SCORES}/commit/", False),
    (f"POST /api/datasets/{SCORES}/commit/", True),
]
"""Requests at which a run dies, one run after the other, and whether they are carried out."""


@pytest.mark.usefixtures("mmlu_alone")
def test_a_job_killed_again_and_again_is_completed_by_the_next(online: Online, deployment: Deployment) -> None:
    assert deployment.launch("refresh").success
    settings = {"EVERY_EVAL_HUB": "huggingface", "HF_TOKEN": TOKEN, "HF_ENDPOINT": online.server.url}
    for pattern, is_accepted in DEATHS:
        process = processes().Process(target=refresh_in_process, args=(str(online.place), {**os.environ, **settings}))
        death = Fault(pattern, before=process.kill, is_accepted=is_accepted, ending="cut")
        online.server.faults[:] = [death]
        process.start()
        process.join()
        assert (process.exitcode, death.times) == (-9, 0), pattern
    online.server.faults.clear()
    assert online.launch("refresh").success
    for repo in (DATA, SCORES):
        same(online.files(repo), folder_files(deployment, repo))
    commits = [commit for repo in (DATA, SCORES) for commit in online.server.repos[repo]]
    assert Counter(plain(commit.title) for commit in commits) - Counter({"initial commit": 2}) == folder_titles(
        deployment
    )
