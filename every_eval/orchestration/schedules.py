"""Schedules of the weekly and the daily job, in UTC; off until somebody switches them on."""

from collections.abc import Iterator, Sequence
from typing import Final

import dagster as dg

from every_eval.orchestration.jobs import DAILY, WEEKLY, daily_config
from every_eval.orchestration.resources import configured_sources
from every_eval.sources.source import Source

WEEKLY_CRON: Final = "0 3 * * 1"
DAILY_CRON: Final = "0 6 * * *"


def make_schedules(sources: Sequence[Source]) -> list[dg.ScheduleDefinition]:
    """Return the schedules: Monday 03:00 UTC for the data, every day 06:00 UTC for the scores of each source."""
    weekly_schedule = dg.ScheduleDefinition(
        name=f"{WEEKLY}_schedule",
        job_name=WEEKLY,
        cron_schedule=WEEKLY_CRON,
        execution_timezone="UTC",
        description="Monday 03:00 UTC.",
    )

    @dg.schedule(
        name=f"{DAILY}_schedule",
        job_name=DAILY,
        cron_schedule=DAILY_CRON,
        execution_timezone="UTC",
        description="Every day 06:00 UTC, one run for each source that is configured.",
        required_resource_keys={source.name for source in sources},
    )
    def daily_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        moment = context.scheduled_execution_time.isoformat()
        for source in configured_sources(sources, context.resources, context.log.info):
            yield dg.RunRequest(f"{source.name} {moment}", daily_config(source), tags={"source": source.name})

    return [weekly_schedule, daily_schedule]
