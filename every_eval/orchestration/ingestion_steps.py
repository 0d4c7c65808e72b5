"""Steps of ingestion, which assets and jobs share: discover a source's runs, and publish shards.

Each step logs what it published: materialisations and check results.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Final

import dagster as dg
from pydantic import Field

from every_eval.errors import BenchmarkMissing, ConfigurationError, EveryEvalError
from every_eval.ingestion.discovery import Discovered, Discoverer
from every_eval.ingestion.ingestor import Ingestor, ShardOutcome
from every_eval.orchestration.asset_keys import partitions_name
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.ingestion_events import discovery_events, record_published, shard_events
from every_eval.orchestration.preflight import check_source
from every_eval.orchestration.resources import SourceResource, hub_resource, source_resource
from every_eval.orchestration.shard_checks import discovery_evaluations, published_evaluations, shard_evaluations
from every_eval.orchestration.step_failures import explain
from every_eval.orchestration.time_limit import Context, limited
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage

BATCH_BYTES: Final = 4 << 30
"""Input bytes of the shards that one commit publishes."""


class IngestionConfig(dg.Config):
    """What a run ingests."""

    sources: list[str] = Field(default=[], description="Sources to ingest. Default: all that are configured.")
    benchmarks: list[str] = Field(default=[], description="Benchmarks to ingest. Default: all that are followed.")
    max_runs: int | None = Field(
        default=None, ge=0, description="Most new runs to ingest of each benchmark; a later run ingests the others."
    )
    force_regenerate: bool = Field(
        default=False, description="Make every shard again, also those whose inputs did not change."
    )
    batch_shards: int = Field(
        default=8,
        ge=1,
        description="Most shards that one commit publishes, of 4 GiB of input at most. The Hub limits commits.",
    )


def data_repo(context: Context, source: Source) -> DataRepo:
    """Return a source's part of the data repo, as of the newest commit."""
    hub = hub_resource(context.resources)
    return DataRepo(source, hub.open(), hub.data)


def log_events(context: Context, events: Iterable[dg.AssetMaterialization | dg.AssetCheckEvaluation]) -> None:
    """Log materialisations and check results as events of the step."""
    for event in events:
        context.log_event(event)  # type: ignore[arg-type] # Dagster logs check results too, which its types leave out


@limited
def discover_source(context: Context, source: Source, config: IngestionConfig) -> list[Discovered]:
    """Discover a source's benchmarks, commit what is known, and add the partitions of the shards."""
    place, hub = source_resource(context.resources, source), hub_resource(context.resources)
    storage = place.open(source)
    check_source(source.name, storage)
    context.log.info(f"{source.name}: reads from {storage.location}, publishes to {hub.open().location(hub.data)}")
    discoverer = Discoverer(
        source, storage, hub.open(), hub.data, place.filled_to, config.max_runs, report=context.log.info
    )
    found = discoverer.discover(_wanted_benchmarks(source, place, storage, config))
    repo = data_repo(context, source)
    keys = {entry.shard for item in found for entry in item.catalog if entry.shard is not None}
    context.instance.add_dynamic_partitions(partitions_name(source), sorted(keys))
    log_events(context, discovery_events(repo, found, storage.location))
    log_events(context, discovery_evaluations(repo))
    record_other_runs(context, repo)
    return found


def record_other_runs(context: Context, repo: DataRepo) -> None:
    """Record what other runs published, so that Dagster shows everything that is on the Hub."""
    n_recorded = record_published(context.instance, repo)
    if n_recorded:
        context.log.info(f"{repo.source.name}: recorded {n_recorded} shards that other runs published")


def _wanted_benchmarks(
    source: Source, place: SourceResource, storage: Storage, config: IngestionConfig
) -> Sequence[str]:
    """Return the benchmarks that the options name, else those that are followed.

    Raises:
        ConfigurationError: there are none.
    """
    names = config.benchmarks or place.followed(source, storage)
    if not names:
        raise ConfigurationError(f"{storage.location} has no folder of results: correct {place.root_variable}")
    return names


def discovery_problems(found: Sequence[Discovered]) -> dict[str, str]:
    """Say what is wrong, by benchmark.

    A benchmark that the source never had is no problem, as long as the source has another one.
    """
    errors = {item.folder: item.error for item in found if item.error is not None}
    absent = {item.folder for item in found if isinstance(item.error, BenchmarkMissing) and not item.catalog}
    harmless = absent if len(absent) < len(found) else set()
    return {name: explain(error) for name, error in errors.items() if name not in harmless}


def publish_shards(context: Context, source: Source, folder: str, shards: Sequence[str]) -> list[ShardOutcome]:
    """Make shards of one benchmark, publish them in one commit, and log what became of each shard."""
    try:
        outcomes = _ingest(context, source, folder, shards)
    except EveryEvalError as error:
        outcomes = [ShardOutcome(shard, error=error) for shard in shards]
    for outcome in outcomes:
        for failure in outcome.failures.values():
            context.log.error(f"A run keeps its published rows, because every_eval failed to read it. {failure}")
        if outcome.error is None:
            context.log.info(f"{outcome.shard}: {outcome.n_rows['samples']:,} samples published")
        else:
            context.log.error(f"{outcome.shard} was not published. {explain(outcome.error)}")
    log_events(context, shard_events(data_repo(context, source), outcomes))
    log_events(context, (event for outcome in outcomes for event in shard_evaluations(source, outcome)))
    return outcomes


@limited
def _ingest(context: Context, source: Source, folder: str, shards: Sequence[str]) -> list[ShardOutcome]:
    place, hub = source_resource(context.resources, source), hub_resource(context.resources)
    n_processes = place.processes or os.cpu_count() or 1
    ingestor = Ingestor(
        source, place.open(source), hub.open(), hub.data, report=context.log.info, n_processes=n_processes
    )
    return ingestor.ingest(folder, shards)


def check_published_shards(context: Context, source: Source, outcomes: Sequence[ShardOutcome]) -> DataRepo:
    """Log the results of the checks over all published shards of a source; `outcomes` are of this run."""
    repo = data_repo(context, source)
    log_events(context, published_evaluations(context.instance, repo, outcomes))
    return repo
