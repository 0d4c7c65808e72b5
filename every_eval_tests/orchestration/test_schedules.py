"""Schedules fire in UTC whatever the machine's time zone: Dagster's own scheduler runs with its clock moved."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

from every_eval.orchestration.jobs import DAILY, WEEKLY

LAUNCHER = {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"}
SATURDAYS = {"spring": datetime(2026, 3, 28, 12, tzinfo=UTC), "autumn": datetime(2026, 10, 24, 12, tzinfo=UTC)}
"""On the Sunday after, Berlin changes its clocks, so that 03:00 UTC is at another time of its day."""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    with dg.instance_for_test({"run_launcher": LAUNCHER}, temp_dir=str(tmp_path), set_dagster_home=True) as instance:
        yield instance
    monkeypatch.undo()
    time.tzset()


@pytest.mark.slow
@pytest.mark.parametrize("saturday", SATURDAYS.values(), ids=list(SATURDAYS))
def test_schedules_fire_at_the_same_utc_times_across_a_change_of_clocks(
    instance: dg.DagsterInstance, saturday: datetime
) -> None:
    sunday, monday = saturday + timedelta(days=1), saturday + timedelta(days=2)
    assert sunday.astimezone().utcoffset() != saturday.astimezone().utcoffset()
    target = ModuleTarget("every_eval.definitions", "defs", None, "every_eval")
    with create_test_daemon_workspace_context(target, instance) as context:
        location = next(iter(context.create_request_context().get_code_location_entries().values())).code_location
        assert location is not None
        (repository,) = location.get_repositories().values()
        with freeze_time(saturday):
            for schedule in repository.get_schedules():
                instance.start_schedule(schedule)
        for hour in range(1, 49):
            now = saturday + timedelta(hours=hour)
            with freeze_time(now):
                list(launch_scheduled_runs(context, logging.getLogger(), now, {}))
        fired = {
            schedule.name: sorted(
                datetime.fromtimestamp(tick.timestamp, UTC)
                for tick in instance.get_ticks(schedule.get_remote_origin_id(), schedule.selector_id)
                if tick.run_ids
            )
            for schedule in repository.get_schedules()
        }
    days = [sunday.replace(hour=6), monday.replace(hour=6)]
    assert fired == {f"{DAILY}_schedule": days, f"{WEEKLY}_schedule": [monday.replace(hour=3)]}
