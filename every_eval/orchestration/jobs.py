"""The jobs, each one command without a daemon, and the schedules that launch them."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from every_eval.orchestration import names
from every_eval.orchestration.daily import score
from every_eval.orchestration.limits import DAILY_MINUTES, WEEKLY_MINUTES, limit
from every_eval.orchestration.resources import configured
from every_eval.orchestration.turn import INGESTS_TAG
from every_eval.orchestration.weekly import discover, ingest, judge
from every_eval.sources.source import Source

WEEKLY = "weekly_data_processing"
DAILY = "daily_comprehensive_stats"
WEEKLY_CRON = "0 3 * * 1"
DAILY_CRON = "0 6 * * *"


@dg.graph(name=WEEKLY, description="Discover what is new upstream, ingest it and publish it in the data repo.")
def weekly() -> None:
    """Discover, ingest, judge."""
    discovered, batches = discover()
    judge(discovered, batches.map(ingest).collect())


@dg.graph(
    name="refresh",
    description="The weekly job and then the daily one; the leaderboard is made from whatever is published.",
)
def both() -> None:
    """Discover, ingest, score, judge."""
    discovered, batches = discover()
    ingested = batches.map(ingest).collect()
    score(ingested)
    judge(discovered, ingested)


def jobs(executor: dg.ExecutorDefinition) -> list[Any]:
    """The jobs, whose steps `executor` runs. Each stops at its limit, and of those that ingest one runs at a time."""
    ingests = {INGESTS_TAG: "true"}
    return [
        weekly.to_job(executor_def=executor, tags=ingests | limit(WEEKLY_MINUTES)),
        both.to_job(executor_def=executor, tags=ingests | limit(WEEKLY_MINUTES + DAILY_MINUTES)),
        dg.define_asset_job(
            DAILY,
            selection=dg.AssetSelection.assets(names.COMPREHENSIVE_STATS, names.LEADERBOARD),
            executor_def=executor,
            tags=limit(DAILY_MINUTES),
            description="Read the statistics of new shards and publish the leaderboard in the scores repo.",
        ),
    ]


def scoring(source: Source) -> dict[str, Any]:
    """Run config of the daily job for one source."""
    return {"ops": {"comprehensive_stats": {"config": {"source_name": source.name}}}}


def schedules(sources: Sequence[Source]) -> list[dg.ScheduleDefinition]:
    """Monday 03:00 UTC for the data, every day 06:00 UTC for the scores of each source; off until switched on."""
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
        for source in configured(sources, context.resources, context.log.info):
            yield dg.RunRequest(f"{source.name} {moment}", scoring(source), tags={"source": source.name})

    return [weekly_schedule, daily_schedule]
