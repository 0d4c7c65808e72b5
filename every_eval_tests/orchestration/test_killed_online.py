"""A process that dies at any request to the Hub: the next process ends with the same files and commits."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from huggingface_hub import constants

from every_eval_tests.chaos.attacks import IS_WHOLE
from every_eval_tests.hub.commits import Blob
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, HubServer, serving
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.ingestion.upstream import small_root
from every_eval_tests.orchestration import killing

pytestmark = [pytest.mark.filterwarnings(CLIENT_WARNING), pytest.mark.slow]

Point = tuple[str, int, bool]
"""Which requests, how many of them go well first, and whether the one at which the process dies is carried out."""


def kind(request: str) -> str:
    """A pattern of requests like this one: whatever the commit or content, and the file in a top folder."""
    place = re.sub(r"(/resolve/[^/]+/[^/]+).*", r"\1", request)
    return "^" + "[0-9a-f]{40,}".join(map(re.escape, re.split("[0-9a-f]{40,}", place)))


def points(requests: list[str]) -> Iterator[Point]:
    """The first and the last request of each kind; those that change something die before it and after it."""
    for pattern, number in Counter(map(kind, requests)).items():
        for skip in sorted({0, number - 1}):
            yield pattern, skip, False
            if pattern.startswith(("^POST", "^PUT")):
                yield pattern, skip, True


AT_A_TIME = 4
"""Trials, each of which mostly waits."""
History = dict[str, list[tuple[str, dict[str, Blob]]]]
"""Every commit's title and files, by repo; a commit's name, in a title too, depends on who created the repo."""


def history(server: HubServer) -> History:
    return {
        repo: [(commit.title.partition(" at ")[0], commit.files) for commit in commits]
        for repo, commits in server.repos.items()
    }


@dataclass
class Trial:
    """A Hub that is empty, and two processes that fill it: the first dies at a point."""

    server: HubServer
    point: Point
    place: tuple[Path, str, Path]
    """Where the results are, where the Hub is, and where downloads are kept."""
    first: BaseProcess = field(init=False)
    second: BaseProcess = field(init=False)

    def start_first(self) -> None:
        self.first = killing.processes().Process(target=killing.work_in_process, args=self.place)
        pattern, skip, is_accepted = self.point
        death = Fault(pattern, skip=skip, before=self.first.kill, is_accepted=is_accepted, ending="cut")
        self.server.faults.append(death)
        self.first.start()

    def start_second(self) -> None:
        self.first.join()
        assert (self.first.exitcode, self.server.faults[0].times) == (-9, 0), self.point
        self.second = killing.processes().Process(target=killing.work_in_process, args=self.place)
        self.second.start()

    def end(self) -> History:
        self.second.join()
        assert self.second.exitcode == 0, self.point
        return history(self.server)


def test_whichever_request_it_dies_at_the_next_process_ends_with_the_same_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    root = small_root(tmp_path / "root").path
    with serving(lambda: NOON) as server:
        killing.work(root, server.url, tmp_path / "undisturbed")
        expected = history(server)
        tried = list(points([request for request, _, _ in server.requests]))
    assert len(tried) > 50
    if not IS_WHOLE:
        tried = random.Random(5).sample(tried, 16)
    for number in range(0, len(tried), AT_A_TIME):
        with ExitStack() as servers:
            trials = []
            for point in tried[number : number + AT_A_TIME]:
                server = servers.enter_context(serving(lambda: NOON))
                trials.append(Trial(server, point, (root, server.url, tmp_path / server.url[-5:] / str(number))))
            for trial in trials:
                trial.start_first()
            for trial in trials:
                trial.start_second()
            for trial in trials:
                assert trial.end() == expected, trial.point
