"""The code location that Dagster loads."""

from collections.abc import Sequence

import dagster as dg

from every_eval.orchestration.alerts import failure_alerts
from every_eval.orchestration.assets import catalog_asset, scores_assets, shard_assets
from every_eval.orchestration.jobs import jobs, schedules
from every_eval.orchestration.resources import AlertResource, HubResource, SourceResource
from every_eval.orchestration.sensors import sensors
from every_eval.orchestration.turn import Turn
from every_eval.sources import SOURCES
from every_eval.sources.source import Source


def build_definitions(
    sources: Sequence[Source] = SOURCES,
    resources: dict[str, dg.ConfigurableResource[object]] | None = None,
    executor: dg.ExecutorDefinition = dg.in_process_executor,
) -> dg.Definitions:
    """Everything that Dagster is to know.

    `resources` take the place of those of the same name; `executor` runs the steps.
    """
    places = {source.name: SourceResource(source=source.name) for source in sources}
    defaults = {"hub": HubResource(), "turn": Turn(), "alerts": AlertResource(), **places}
    return dg.Definitions(
        assets=[
            *(make(source) for source in sources for make in (catalog_asset, shard_assets)),
            scores_assets(sources),
        ],
        jobs=jobs(executor),
        schedules=schedules(sources),
        sensors=[*sensors(sources), failure_alerts],
        resources={**defaults, **(resources or {})},
        executor=executor,
    )


defs = build_definitions()
