"""The code location that Dagster loads: the whole graph, built for the sources of every_eval."""

from collections.abc import Sequence

import dagster as dg

from every_eval.contracts.scores_tables import SPANNING_TABLES
from every_eval.orchestration.alerts import failure_alerts
from every_eval.orchestration.asset_specs import shard_index_spec, spanning_specs
from every_eval.orchestration.export_assets import eee_asset
from every_eval.orchestration.file_checks import shard_index_check, spanning_check
from every_eval.orchestration.ingestion_assets import discovery_assets, shard_assets
from every_eval.orchestration.ingestion_lock import IngestionLock
from every_eval.orchestration.jobs import make_jobs
from every_eval.orchestration.page_assets import page_assets
from every_eval.orchestration.resources import AlertResource, HubResource, describe_place
from every_eval.orchestration.schedules import make_schedules
from every_eval.orchestration.scores_assets import scores_assets
from every_eval.orchestration.sensors import make_sensors
from every_eval.sources import SOURCES
from every_eval.sources.source import Source


def build_definitions(
    sources: Sequence[Source] = SOURCES,
    resources: dict[str, dg.ConfigurableResource[object]] | None = None,
    executor: dg.ExecutorDefinition = dg.in_process_executor,
) -> dg.Definitions:
    """Build the graph: assets, checks, jobs, schedules, sensors and resources.

    Args:
        sources: Sources to follow; each has assets and a resource of its own.
        resources: Resources that replace the default ones, by key.
        executor: Runs the steps.
    """
    places = {source.name: describe_place(source) for source in sources}
    defaults = {"hub": HubResource(), "ingestion_lock": IngestionLock(), "alerts": AlertResource(), **places}
    return dg.Definitions(
        assets=[
            *(discovery_assets(source) for source in sources),
            *(shard_assets(source) for source in sources),
            *(shard_index_spec(source) for source in sources),
            *(scores_assets(source, sources) for source in sources),
            *spanning_specs(sources),
            *(eee_asset(source) for source in sources),
            page_assets(sources),
        ],
        asset_checks=[
            *(shard_index_check(source) for source in sources),
            *(spanning_check(table, sources) for table in SPANNING_TABLES),
        ],
        jobs=make_jobs(sources, executor),
        schedules=make_schedules(sources),
        sensors=[*make_sensors(sources), failure_alerts],
        resources={**defaults, **(resources or {})},
        executor=executor,
    )


defs = build_definitions()
