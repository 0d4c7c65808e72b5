"""Whatever goes wrong at the Hub, all that is published is what an undisturbed folder has, in as many commits."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from every_eval.errors import HubUnavailable, PublishConflict
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.ingestion.whole_shards import listing_doubt
from every_eval_tests.chaos.attacks import IS_WHOLE, change_root, seeds
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.commits import Blob
from every_eval_tests.hub.faults import Answer, Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer, serving
from every_eval_tests.hub.hubs import NOON, REPO, contents
from every_eval_tests.ingestion.publishing import Publishing

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

KINDS: list[dict[str, Any]] = [
    *({"status": status} for status in (408, 412, 429, 500, 502, 503, 504)),
    *({"status": status, "is_accepted": True} for status in (429, 500, 504)),
    *({"ending": ending} for ending in ("cut", "reset", "truncated", "flipped")),
    *({"ending": ending, "is_accepted": True} for ending in ("cut", "reset")),
]
STEPS = ["POST .*/commit/", "preupload", "batch", "PUT", "paths-info", "GET /api", "GET /large/", "resolve"]
N_WEEKS = 5 if IS_WHOLE else 2
N_FAULTS = 10


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with serving(lambda: NOON) as server:
        yield server


def lacking_entries(dice: random.Random) -> Callable[[Answer], Answer]:
    """Leave out some entries of a page, or what leads to the next page."""
    share = dice.choice([0.1, 0.5, 1.0])

    def change(answer: Answer) -> Answer:
        entries = [entry for entry in json.loads(answer.body) if dice.random() > share]
        headers = {name: text for name, text in answer.headers.items() if name != "Link" or dice.random() < 0.5}
        return Answer(answer.status, headers, json.dumps(entries).encode())

    return change


def old_head(server: HubServer, dice: random.Random) -> Callable[[Answer], Answer]:
    """Answer with an older commit, as a server of the Hub does that does not know the newest one yet."""

    def change(answer: Answer) -> Answer:
        if answer.status != 200 or REPO not in server.repos:
            return answer
        commits = server.repos[REPO]
        return Answer.of({**json.loads(answer.body), "sha": commits[-min(len(commits), dice.choice([1, 2, 2, 3]))].id})

    return change


def plan(server: HubServer, dice: random.Random) -> None:
    """Plan the faults of a week. A head is old only for those who have committed: others cannot know."""

    def rival() -> None:
        if REPO in server.repos:
            number = len(server.repos[REPO])
            server.commit(REPO, "A rival's", {f"rival/{number}": Blob(b"%d" % number, is_large=False)})

    for _ in range(N_FAULTS):
        times, skip = dice.choice([1, 1, 2, 7]), dice.choice([0, 0, 1, 3])
        before = rival if dice.random() < 0.15 else None
        server.faults.append(Fault(dice.choice(STEPS), before=before, times=times, skip=skip, **dice.choice(KINDS)))
    server.faults.append(Fault("GET .*/tree/", change=lacking_entries(dice), skip=dice.choice([0, 1, 2])))
    server.faults.append(Fault("(PUT|GET) /large/", status=403, times=dice.choice([1, 2])))


def publish(publishing: Publishing) -> None:
    """Run the weekly job until all is published."""
    for _ in range(40):
        try:
            [found] = publishing.discover()
            assert found.error is None
            keys = publishing.to_do()
            if not keys:
                return
            assert [outcome.error for outcome in publishing.ingest(keys)] == [None] * len(keys)
            return
        except (HubUnavailable, PublishConflict):
            continue
    raise AssertionError("40 attempts were not enough")


@seeds(25)
def test_a_bad_time_at_the_hub_changes_nothing_that_is_published(
    server: HubServer, root: HelmRoot, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    expected = Publishing.of(root.path, tmp_path / "folder")
    for week in range(N_WEEKS):
        hub = HuggingFaceHub(
            TOKEN, server.url, tmp_path / "cache", lambda _: None, lambda _, snapshot: listing_doubt(snapshot)
        )
        publishing = replace(Publishing.of(root.path, tmp_path / "unused"), hub=hub)
        plan(server, dice)
        publish(publishing)
        server.faults.append(
            Fault(f"GET /api/datasets/{REPO}[?]expand", change=old_head(server, dice), times=dice.choice([0, 2, 4]))
        )
        publish(publishing)
        server.faults.clear()
        expected.refresh()
        published = contents(hub.snapshot(REPO))
        ours = {path: raw for path, raw in published.items() if not path.startswith("rival/")}
        assert ours == expected.contents(), f"week {week}"
        change_root(root, dice, week)
    assert not server.tokens_sent_elsewhere()
    doubled = [title for title, n in Counter(commit.title for commit in server.repos[REPO]).items() if n > N_WEEKS]
    assert set(doubled) <= {"A rival's"}
