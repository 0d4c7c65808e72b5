"""Steps of ingestion, which assets and jobs share: discover a source's runs, and publish shards.

Each step logs what it published: materialisations and check results.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import dagster as dg
from pydantic import Field

from every_eval.errors import BenchmarkMissing, ConfigurationError, EveryEvalError
from every_eval.ingestion.discovery import Discovered, Discoverer, read_catalog
from every_eval.ingestion.ingestor import Ingestor, ShardHeldBack, ShardOutcome
from every_eval.ingestion.planning import Status, shards_of
from every_eval.orchestration.acknowledged import read_acknowledged
from every_eval.orchestration.asset_keys import partitions_name
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.findings import Report, report
from every_eval.orchestration.ingestion_events import discovery_events, record_published, shard_events
from every_eval.orchestration.preflight import check_source
from every_eval.orchestration.resources import SourceResource, hub_resource, source_resource
from every_eval.orchestration.shard_checks import (
    acknowledged_shards,
    complete_finding,
    missing_shards,
    published_findings,
    shard_findings,
)
from every_eval.orchestration.step_failures import Action, Explanation, explain, trace, without_secrets
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
        default=None,
        ge=0,
        description="Largest number of new runs to ingest of each benchmark; later jobs ingest the rest.",
    )
    force_regenerate: bool = Field(
        default=False, description="Make every shard again, also those whose inputs did not change."
    )
    batch_shards: int = Field(
        default=8,
        ge=1,
        description="Largest number of shards in a commit, with at most 4 GiB of input. The Hub limits commits.",
    )


def data_repo(context: Context, source: Source) -> DataRepo:
    """Return a source's part of the data repo, as of the newest commit."""
    hub = hub_resource(context.resources)
    return DataRepo(source, hub.open(), hub.data)


def log_events(context: Context, events: Iterable[dg.AssetMaterialization]) -> None:
    """Log materialisations as events of the step."""
    for event in events:
        context.log_event(event)


@limited
def discover_source(context: Context, source: Source, config: IngestionConfig) -> list[Discovered]:
    """Discover a source's benchmarks, commit what is known, and add the partitions of the shards."""
    place, hub = source_resource(context.resources, source), hub_resource(context.resources)
    storage = place.open(source)
    check_source(storage)
    discoverer = Discoverer(
        place.set_up(source), storage, hub.open(), hub.data, place.filled_to, config.max_runs, report=context.log.info
    )
    found = discoverer.discover(_wanted_benchmarks(source, place, storage, config))
    repo = data_repo(context, source)
    keys = {entry.shard for item in found for entry in item.catalog if entry.shard is not None}
    context.instance.add_dynamic_partitions(partitions_name(source), sorted(keys))
    log_events(context, discovery_events(repo, found, storage.location))
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


def discovery_problems(found: Sequence[Discovered], place: SourceResource | None = None) -> dict[str, Explanation]:
    """Say what is wrong, by benchmark; `place` is where the results are, if it is one place.

    A benchmark that the source never had is no problem, as long as the source has another one.
    """
    errors = {item.folder: item.error for item in found if item.error is not None}
    absent = {item.folder for item in found if isinstance(item.error, BenchmarkMissing) and not item.catalog}
    harmless = absent if len(absent) < len(found) else set()
    variable, root = (place.root_variable, place.shown_root) if place else (None, None)
    return {name: explain(error, variable, root) for name, error in errors.items() if name not in harmless}


def shard_problems(outcomes: Iterable[ShardOutcome], place: SourceResource) -> dict[str, Explanation]:
    """Say which shards could not be published, and why, by the shard's key.

    A shard that is held back has a check of its own.
    """
    return {
        item.shard: explain(item.error, place.root_variable, place.shown_root)
        for item in outcomes
        if item.error is not None and not isinstance(item.error, ShardHeldBack)
    }


def publish_shards(context: Context, source: Source, folder: str, shards: Sequence[str]) -> list[ShardOutcome]:
    """Make shards of one benchmark, publish them in one commit, and log what became of each shard."""
    try:
        outcomes = _ingest(context, source, folder, shards)
    except EveryEvalError as error:
        outcomes = [ShardOutcome(shard, error=error) for shard in shards]
    outcomes = [replace(item, error=item.error and without_secrets(item.error)) for item in outcomes]
    for outcome in outcomes:
        for failure in outcome.failures.values():
            context.log.error(f"A run keeps its published rows, because every_eval failed to read it. {failure}")
        if outcome.error is None:
            context.log.info(f"{outcome.shard}: {outcome.n_rows['samples']:,} samples published")
        else:
            context.log.error(f"{outcome.shard} was not published. {explain(outcome.error)}{trace(outcome.error)}")
    repo = data_repo(context, source)
    log_events(context, shard_events(repo, outcomes))
    report(context, shard_findings(repo, outcomes))
    return outcomes


@limited
def _ingest(context: Context, source: Source, folder: str, shards: Sequence[str]) -> list[ShardOutcome]:
    place, hub = source_resource(context.resources, source), hub_resource(context.resources)
    n_processes = place.processes or os.cpu_count() or 1
    ingestor = Ingestor(
        source, place.open(source), hub.open(), hub.data, report=context.log.info, n_processes=n_processes
    )
    return ingestor.ingest(folder, shards, _acknowledged(context, source, folder))


def _acknowledged(context: Context, source: Source, folder: str) -> Sequence[str]:
    """List the shards whose newest inputs are held back and acknowledged, and report why they are published."""
    repo = data_repo(context, source)
    reasons = acknowledged_shards(repo, read_acknowledged())
    if not reasons:
        return ()
    shards = shards_of(read_catalog(repo.head, folder), folder, repo.head, source.data_version)
    keys = [shard.key for shard in shards if shard.status is Status.HELD_BACK and shard.key in reasons]
    for key in keys:
        context.log.warning(f"{key} was held back, and is published, because it is acknowledged: {reasons[key]}")
    return keys


def check_published(context: Context, source: Source) -> Report:
    """Check all that is published of a source in the data repo."""
    return report(context, published_findings(data_repo(context, source)))


def check_complete(context: Context, source: Source, outcomes: Sequence[ShardOutcome]) -> dict[str, Explanation]:
    """Check whether all shards of the catalogs are published; `outcomes` are of the shards that this run tried.

    Returns:
        Why shards are not published as they should be, by the key of the shard.
    """
    repo = data_repo(context, source)
    held_back = {item.shard for item in outcomes if isinstance(item.error, ShardHeldBack)}
    missing = {
        shard.key: Explanation(
            f"the shard is {shard.status} and was not published.", Action.RETRY, "Launch the job again to publish it."
        )
        for shard in missing_shards(repo)
        if shard.key not in held_back
    }
    missing |= shard_problems(outcomes, source_resource(context.resources, source))
    report(context, [complete_finding(repo, {shard: str(reason) for shard, reason in missing.items()})])
    return missing
