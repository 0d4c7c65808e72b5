"""A deployment whose Hub is a server: the same jobs through the Hub's own client, from one machine or several."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from every_eval_tests.hub.hub_server import TOKEN, HubServer
from every_eval_tests.orchestration.deployment import DATA, IN_MEMORY, SCORES, Deployment, dagster_instance

NOON = 1795176000
"""2026-11-20 12:00 UTC, in seconds since 1970."""


def now() -> datetime:
    """Return the fixed moment of the jobs, which the server uses too."""
    return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)


@dataclass
class Online:
    """A Hub server, and the machine that publishes on it."""

    server: HubServer
    machine: Deployment
    place: Path
    machines: ExitStack

    def launch(self, job: str, config: dict[str, Any] | None = None, **settings: str) -> dg.ExecuteInProcessResult:
        """Run a job to its end on the machine, whether it succeeds or fails."""
        defaults = {"EVERY_EVAL_HUB": "huggingface", "HF_TOKEN": TOKEN, "HF_ENDPOINT": self.server.url}
        with pytest.MonkeyPatch.context() as environment:
            environment.chdir(self.place)
            for name, value in {**defaults, **settings}.items():
                environment.setenv(name, value)
            return self.machine.launch(job, config)

    def move(self, place: Path) -> None:
        """Continue on another machine, with an empty disk and an empty Dagster database."""
        instance = self.machines.enter_context(dagster_instance(place / "dagster", IN_MEMORY))
        self.place, self.machine = place, replace(self.machine, instance=instance)

    def files(self, repo: str = DATA) -> Mapping[str, bytes]:
        """Return the content of each file in the newest commit of a repo, without git's own files."""
        head = self.server.repos[repo][-1].files if repo in self.server.repos else {}
        return {path: blob.content for path, blob in sorted(head.items()) if not path.startswith(".")}

    def commits(self) -> list[int]:
        """Count the commits of each of the two repos."""
        return [len(self.server.repos.get(repo, ())) for repo in (DATA, SCORES)]


def folder_files(deployment: Deployment, repo: str = DATA) -> Mapping[str, bytes]:
    """Return the content of each file that a deployment published in its folder."""
    return {path: (deployment.hub / repo / path).read_bytes() for path in sorted(deployment.paths(repo))}


def failures(result: dg.ExecuteInProcessResult) -> str:
    """Return the errors of a run's failed steps."""
    return "\n".join(str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure)
