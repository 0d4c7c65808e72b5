"""The lock: at most one run ingests at a time, without a daemon and in every deployment."""

from pathlib import Path
from socket import socket

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration.ingestion_lock import INGESTS_TAG
from every_eval.orchestration.jobs import DAILY, WEEKLY
from every_eval_tests.orchestration.deployment import Deployment
from every_eval_tests.orchestration.online import failures
from every_eval_tests.orchestration.processes import execute

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mmlu_alone")]


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


def begun(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A weekly run that is at work somewhere else, where its lock cannot be seen."""
    run = instance.create_run_for_job(
        build_definitions().resolve_job_def(WEEKLY), tags={INGESTS_TAG: "true"}, status=dg.DagsterRunStatus.NOT_STARTED
    )
    instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, WEEKLY), run.run_id)
    return run


@pytest.mark.parametrize("is_watched", [True, False])
def test_where_runs_are_watched_over_their_records_tell_of_one_that_is_at_work_elsewhere(
    deployment: Deployment, tmp_path: Path, is_watched: bool
) -> None:
    home = tmp_path / "watched"
    home.mkdir()
    overrides = {"run_monitoring": {"enabled": is_watched}}
    with dg.instance_for_test(overrides, temp_dir=str(home), set_dagster_home=True) as deployment.instance:
        other = begun(deployment.instance)
        result = deployment.launch(WEEKLY)
        assert result.success is not is_watched
        assert (f"Another run is ingesting ({other.run_id})" in failures(result)) is is_watched
        deployment.instance.report_run_canceled(other)
        assert deployment.launch(WEEKLY).success
