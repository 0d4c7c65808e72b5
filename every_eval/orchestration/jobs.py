"""The three jobs. One command runs a job, and no daemon is needed."""

from collections.abc import Sequence
from typing import Any, Final

import dagster as dg

from every_eval.orchestration.alerts import OWN_ALERTS_TAG, alert_logger
from every_eval.orchestration.console import console_logger
from every_eval.orchestration.ingestion_lock import INGESTS_TAG
from every_eval.orchestration.scoring_ops import check_scores_op, daily_op, refresh_scores_op
from every_eval.orchestration.time_limit import DAILY_MINUTES, WEEKLY_MINUTES, limit
from every_eval.orchestration.weekly_ops import WeeklyOps, weekly_ops
from every_eval.sources.source import Source

WEEKLY: Final = "weekly_data_processing"
DAILY: Final = "daily_comprehensive_stats"
REFRESH: Final = "refresh"

LOGGERS: Final = {"alerts": alert_logger, "console": console_logger}
"""Loggers of every job. The console is last, so that the log of a failed run ends with the reason."""


def make_jobs(sources: Sequence[Source], executor: dg.ExecutorDefinition) -> list[dg.JobDefinition]:
    """Return the jobs over the sources, whose steps `executor` runs.

    A run stops at the limit of its job. Of the runs that ingest, one runs at a time.
    """
    ops = weekly_ops(sources)
    ingests = {INGESTS_TAG: "true"}
    graphs = (
        (_weekly_graph(ops, sources), ingests | limit(WEEKLY_MINUTES)),
        (_daily_graph(sources), limit(DAILY_MINUTES)),
        (_refresh_graph(ops, sources), ingests | limit(WEEKLY_MINUTES + DAILY_MINUTES)),
    )
    own = {OWN_ALERTS_TAG: "true"}
    # Dagster uses the loggers of a job only if the run config names them; this is the default of each run config.
    config: dict[str, Any] = {"loggers": {name: {} for name in LOGGERS}}
    return [
        graph.to_job(executor_def=executor, tags=tags | own, logger_defs=LOGGERS, config=config)
        for graph, tags in graphs
    ]


def daily_config(source: Source) -> dict[str, Any]:
    """Return the run config of the daily job for one source."""
    return {"ops": {"comprehensive_stats": {"config": {"source_name": source.name}}}}


def _weekly_graph(ops: WeeklyOps, sources: Sequence[Source]) -> dg.GraphDefinition:
    check_scores = check_scores_op(sources)

    @dg.graph(name=WEEKLY, description="Discover what is new at the sources, and publish it in the data repo.")
    def weekly() -> None:
        discovered, batches = ops.discover()
        ingested = batches.map(ops.ingest).collect()
        ops.check_shards(discovered, ingested)
        check_scores(discovered, ingested=ingested)

    return weekly


def _daily_graph(sources: Sequence[Source]) -> dg.GraphDefinition:
    comprehensive_stats = daily_op(sources)

    @dg.graph(
        name=DAILY, description="Read the statistics of new shards, and publish the leaderboard in the scores repo."
    )
    def daily() -> None:
        comprehensive_stats()

    return daily


def _refresh_graph(ops: WeeklyOps, sources: Sequence[Source]) -> dg.GraphDefinition:
    score = refresh_scores_op(sources)

    @dg.graph(
        name=REFRESH,
        description="The weekly job and then the daily job; the leaderboard is made from whatever is published.",
    )
    def refresh() -> None:
        discovered, batches = ops.discover()
        ingested = batches.map(ops.ingest).collect()
        # Neither op waits for the other. One process runs the two in the order of their names, so that the log ends
        # with the leaderboard.
        ops.check_shards(discovered, ingested)
        score(discovered, ingested)

    return refresh
