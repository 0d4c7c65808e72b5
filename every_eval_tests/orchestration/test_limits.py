"""Limits of runs, without a daemon: how long one may take, and that one at a time ingests."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_server, socket
from typing import Any

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration.jobs import DAILY, WEEKLY
from every_eval_tests.orchestration.deployment import Deployment, changed
from every_eval_tests.orchestration.test_checks import failures

DAGSTER = [sys.executable, "-W", "ignore", "-m", "dagster"]


@pytest.fixture
def silent_server() -> Iterator[socket]:
    """Accepts connections and never answers."""
    with closing(create_server(("127.0.0.1", 0))) as server:
        yield server


def execute(server: socket, tags: str = "{}") -> "subprocess.Popen[str]":
    """`dagster job execute` of the weekly job, from a bucket on the server."""
    root = f"http://127.0.0.1:{server.getsockname()[1]}/bucket"
    command = [*DAGSTER, "job", "execute", "-m", "every_eval.definitions", "-j", WEEKLY, "--tags", tags]
    settings = {**os.environ, "EVERY_EVAL_HELM_ROOT": root, "DAGSTER_DISABLE_TELEMETRY": "yes"}
    return subprocess.Popen(command, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=settings)


def test_a_plain_execution_is_stopped_at_its_limit_and_says_so(deployment: Deployment, silent_server: socket) -> None:
    _, log = execute(silent_server, '{"dagster/max_runtime": "3"}').communicate()
    assert "Stopped: the run has had the 0.05 minutes that it may take" in log
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


def test_of_two_ingesting_runs_the_second_stands_back_and_a_daily_one_does_not(
    deployment: Deployment, silent_server: socket
) -> None:
    assert deployment.launch(WEEKLY).success
    before = deployment.paths()
    first = execute(silent_server)
    try:
        silent_server.accept()[0].close()
        second = deployment.launch(WEEKLY, {"ops": {"discover": {"config": {"force_regenerate": True}}}})
        assert not second.success
        (run,) = deployment.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        assert f"Another run is ingesting ({run.run_id})" in failures(second)
        assert deployment.paths() == before
        assert deployment.launch(DAILY).success
    finally:
        first.kill()
        first.communicate()
    assert deployment.launch(WEEKLY).success
    assert deployment.launch(WEEKLY).success
