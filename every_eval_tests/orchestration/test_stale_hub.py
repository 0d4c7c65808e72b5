"""A Hub that answers with half a listing, or with an older commit than ours: all is published, and once."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from every_eval_tests.hub.faults import Answer, Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, HubServer
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment
from every_eval_tests.orchestration.online import Online, folder_files

pytestmark = [pytest.mark.filterwarnings(CLIENT_WARNING), pytest.mark.slow]

RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"


def first_page_alone(answer: Answer) -> Answer:
    """Take the address of the next page from an answer."""
    return Answer(answer.status, {name: text for name, text in answer.headers.items() if name != "Link"}, answer.body)


def one_commit_ago(server: HubServer, repo: str) -> Callable[[Answer], Answer]:
    """Answer with the commit before the newest one."""

    def change(answer: Answer) -> Answer:
        commits = server.repos.get(repo, [])
        if answer.status != 200 or len(commits) < 2:
            return answer
        return Answer.of({**json.loads(answer.body), "sha": commits[-2].id})

    return change


@pytest.fixture(autouse=True)
def mmlu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "mmlu")


@pytest.mark.parametrize("repo", [DATA, SCORES])
def test_half_a_listing_publishes_nothing_twice(
    online: Online, deployment: Deployment, tmp_path: Path, repo: str
) -> None:
    assert online.launch("refresh").success and deployment.launch("refresh").success
    before = online.commits()
    online.move(tmp_path / "second")
    online.server.faults.append(Fault(f"GET /api/datasets/{repo}/tree/", change=first_page_alone))
    assert online.launch("refresh").success
    assert online.server.faults[0].times == 0
    assert online.commits() == before

    online.machine.root.copy_run("mmlu", "v1.0.0", RUN, "v1.2.0", RUN)
    online.move(tmp_path / "third")
    online.server.faults.append(Fault(f"GET /api/datasets/{repo}/tree/", change=first_page_alone))
    assert online.launch("refresh").success and deployment.launch("refresh").success
    for each in (DATA, SCORES):
        assert dict(online.files(each)) == dict(folder_files(deployment, each))


@pytest.mark.parametrize("skip", [2, 5])
def test_an_older_head_does_not_end_the_job_before_it_has_published(online: Online, skip: int) -> None:
    stale = Fault(f"GET /api/datasets/{DATA}[?]expand", change=one_commit_ago(online.server, DATA), skip=skip, times=3)
    online.server.faults.append(stale)
    assert online.launch("weekly_data_processing").success
    assert stale.times < 3
    shards = Counter(path.rpartition("-")[0] for path in online.files() if path.startswith("stats/"))
    assert list(shards.values()) == [1, 1]
