"""A run stops at its time limit, without a daemon."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration.jobs import DAILY, WEEKLY
from every_eval_tests.orchestration.deployment import Deployment, changed
from every_eval_tests.orchestration.online import failures
from every_eval_tests.orchestration.processes import execute

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mmlu_alone")]


def test_a_plain_execution_is_stopped_at_its_limit_and_says_so(deployment: Deployment, silent_server: socket) -> None:
    _, log = execute(silent_server, '{"dagster/max_runtime": "3"}').communicate()
    assert "Stopped: the run reached its limit of 0.05 minutes" in log
    (run,) = deployment.instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE


def test_jobs_have_the_limits_of_the_design() -> None:
    tags = {job.name: job.tags.get("dagster/max_runtime") for job in build_definitions().resolve_all_job_defs()}
    assert (tags[WEEKLY], tags[DAILY], tags["refresh"]) == ("21600", "7200", "28800")


def test_a_run_whose_time_is_up_starts_nothing(deployment: Deployment) -> None:
    assert deployment.launch("refresh").success
    job = build_definitions().resolve_job_def(DAILY)
    result = job.execute_in_process(
        instance=deployment.instance, tags={"dagster/max_runtime": "0.000001"}, raise_on_error=False
    )
    assert not result.success
    assert "Stopped" in failures(result)


class Alarm:
    """Lets a run's time be up when it changes its Hub for the n-th time."""

    countdown = 0
    hub = ""

    @classmethod
    def hear(cls, event: str, args: tuple[Any, ...]) -> None:
        if not cls.countdown or event not in ("open", "os.rename", "os.link", "os.remove", "os.mkdir"):
            return
        if cls.hub in str(args[0]) and signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
            cls.countdown -= 1
            if not cls.countdown:
                signal.raise_signal(signal.SIGALRM)

    @classmethod
    @contextmanager
    def at(cls, countdown: int, hub: Path) -> Iterator[None]:
        cls.countdown, cls.hub = countdown, str(hub)
        try:
            yield
        finally:
            cls.countdown = 0


sys.addaudithook(Alarm.hear)


def test_a_run_stopped_at_any_moment_publishes_nothing_half_and_the_next_completes_it(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.environment.setenv("SOURCE_DATE_EPOCH", "1795150000")
    assert deployment.launch("refresh").success
    whole = deployment.paths()
    for moment in (12, 110):
        deployment.hub = tmp_path / f"stopped_{moment}"
        deployment.environment.setenv("EVERY_EVAL_HUB", str(deployment.hub))
        with Alarm.at(moment, deployment.hub):
            result = deployment.launch("refresh")
        assert not result.success
        assert "Stopped" in failures(result)
        stats = {path.split("/")[-1].split("-")[0] for path in deployment.paths() if path.startswith("stats/")}
        data = {path.split("/")[-1].removesuffix(".parquet") for path in deployment.paths() if path.startswith("data/")}
        assert stats == data
        assert deployment.launch("refresh").success
        assert changed(whole, deployment.paths()) == set()
