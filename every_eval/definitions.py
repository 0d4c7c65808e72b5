"""The code location that Dagster loads."""

from collections.abc import Sequence

import dagster as dg

from every_eval.orchestration.assets import catalog_asset, scores_assets, shard_assets
from every_eval.orchestration.jobs import jobs, schedules
from every_eval.orchestration.limits import Turn
from every_eval.orchestration.resources import HubResource, SourceResource
from every_eval.sources import SOURCES
from every_eval.sources.source import Source


def build_definitions(
    sources: Sequence[Source] = SOURCES,
    resources: dict[str, dg.ConfigurableResource[object]] | None = None,
    executor: dg.ExecutorDefinition = dg.in_process_executor,
) -> dg.Definitions:
    """Everything that Dagster is to know.

    `resources` take the place of those of the same name; `executor` runs the steps of the jobs.
    """
    places = {source.name: SourceResource(source=source.name) for source in sources}
    defaults = {"hub": HubResource(), "turn": Turn(), **places}
    return dg.Definitions(
        assets=[
            *(make(source) for source in sources for make in (catalog_asset, shard_assets)),
            scores_assets(sources),
        ],
        jobs=jobs(executor),
        schedules=schedules(sources),
        resources={**defaults, **(resources or {})},
    )


defs = build_definitions()
