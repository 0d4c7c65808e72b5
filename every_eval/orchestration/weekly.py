"""The weekly job's steps: discover what is new, ingest it batch by batch, and judge by what the Hub has then.

One run discovers partitions and fills them, which a job of assets cannot do; so these are ops, which log what the
assets would. A step that fails says so in what it returns, so that the others go on, and the last one fails the run.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

import dagster as dg
from pydantic import Field

from every_eval.contracts.repo_layout import folder_of_shard
from every_eval.errors import BenchmarkMissing, ConfigurationError, EveryEvalError, TransientError
from every_eval.hub.hub import Hub, publish
from every_eval.ingestion.data_card import card_change
from every_eval.ingestion.discovery import Discovered, Discoverer, read_catalog
from every_eval.ingestion.ingestor import Ingestor, ShardOutcome
from every_eval.ingestion.planning import Status, batches, shards_of, to_do
from every_eval.orchestration.limits import limited
from every_eval.orchestration.names import CATALOG, UPSTREAM_POOL, asset_key, shard_partitions
from every_eval.orchestration.preflight import check_ingestion, check_source
from every_eval.orchestration.recording import (
    CATALOG_VERSION,
    DATA_VERSION_TAG,
    MAX_SHOWN,
    as_evaluations,
    catalog_metadata,
    check_results,
    disagreement_lines,
    shard_events,
    unrecorded_events,
)
from every_eval.orchestration.resources import HubResource, SourceResource, configured
from every_eval.orchestration.turn import Turn
from every_eval.sources import SOURCES
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage

BATCH_BYTES: Final = 4 << 30
"""Input of the shards that one commit publishes together."""
MAX_RETRIES: Final = 3
FIRST_WAIT_SECONDS: Final = 2

PREFLIGHT: Final = "preflight"
"""Under which a problem of the whole job is named."""
RESOURCES: Final = {"hub", *(source.name for source in SOURCES)}

T = TypeVar("T")
Context = dg.OpExecutionContext | dg.AssetExecutionContext
Batch = Mapping[str, Any]
"""source, folder and shards: what one step ingests and commits."""


class IngestionConfig(dg.Config):
    """What the weekly job ingests."""

    sources: list[str] = Field(default=[], description="Sources to ingest; none named: all that are configured.")
    benchmarks: list[str] = Field(default=[], description="Benchmarks to ingest; none named: all that are followed.")
    max_runs: int | None = Field(default=None, ge=0, description="New runs to take up per benchmark; the others wait.")
    force_regenerate: bool = Field(
        default=False, description="Make every shard again, whether or not its inputs changed."
    )
    batch_shards: int = Field(
        default=8,
        ge=1,
        description="Shards that one commit publishes, of 4 GiB of input at most; the Hub limits commits.",
    )


def source_named(name: str) -> Source:
    """The source of that name; raises `ConfigurationError` if there is none."""
    for source in SOURCES:
        if source.name == name:
            return source
    raise ConfigurationError(f"no source is called {name!r}; there are {', '.join(source.name for source in SOURCES)}")


def retried(context: Context, call: Callable[[], T]) -> T:
    """The call's result; an error worth a retry asks Dagster for one, as long as any is left."""
    try:
        return call()
    except TransientError as error:
        number = context.retry_number
        if number >= MAX_RETRIES:
            raise
        raise dg.RetryRequested(MAX_RETRIES, seconds_to_wait=FIRST_WAIT_SECONDS * 4**number) from error


@limited
def discover_source(
    context: Context, source: Source, hub: Hub, repo: str, place: SourceResource, config: IngestionConfig
) -> list[Discovered]:
    """Discover a source's benchmarks, and let Dagster know the shards that there are."""
    storage = place.open(source)
    check_source(source.name, storage)
    discoverer = Discoverer(source, storage, hub, repo, place.filled_to, config.max_runs, context.log.info)
    found = discoverer.discover(_wanted(source, place, storage, config))
    for event in unrecorded_events(context.instance, source, hub, repo, hub.snapshot(repo)):
        context.log_event(event)
    keys = {entry.shard for item in found for entry in item.catalog if entry.shard is not None}
    context.instance.add_dynamic_partitions(str(shard_partitions(source).name), sorted(keys))
    return found


def _wanted(source: Source, place: SourceResource, storage: Storage, config: IngestionConfig) -> Sequence[str]:
    """The benchmarks that the options name, else those that are followed; raises `ConfigurationError` without any."""
    names = config.benchmarks or place.followed(source, storage)
    if not names:
        raise ConfigurationError(f"{storage.location} has no folder of results: correct {place.root_variable}")
    return names


def problems_of(found: Sequence[Discovered]) -> dict[str, str]:
    """What is wrong, by benchmark. One that was never there is no fault, as long as another one is."""
    errors = {item.folder: item.error for item in found if item.error is not None}
    absent = {item.folder for item in found if isinstance(item.error, BenchmarkMissing) and not item.catalog}
    harmless = absent if len(absent) < len(found) else set()
    return {name: f"{type(error).__name__}: {error}" for name, error in errors.items() if name not in harmless}


@dg.op(
    required_resource_keys={*RESOURCES, "turn"},
    pool=UPSTREAM_POOL,
    out={"discovered": dg.Out(dict), "batches": dg.DynamicOut(dict)},
    description="Find runs and releases upstream and commit what is known; tell which shards are to be made.",
)
def discover(context: dg.OpExecutionContext, config: IngestionConfig) -> Iterator[Any]:
    """Emit the shards to make, in batches, and what went wrong."""
    turn: Turn = context.resources.turn
    turn.take(context)
    problems: dict[str, str] = {}
    folders: dict[str, list[str]] = {}
    pending: list[Batch] = []
    try:
        retried(context, lambda: _preflight(context))
    except EveryEvalError as error:
        context.log.error(str(error))
        problems[PREFLIGHT] = f"{type(error).__name__}: {error}"
    known: list[Discovered] = []
    for source in _sources(context, config) if not problems else ():
        try:
            found = retried(context, lambda source=source: _discover(context, source, config))  # type: ignore[misc]
        except EveryEvalError as error:
            problems[source.name] = f"{type(error).__name__}: {error}"
            continue
        known += found
        problems |= {} if config.benchmarks else problems_of(found)
        folders[source.name] = [item.folder for item in found if item.error is None]
        pending += _pending(context, source, found, config)
    if config.benchmarks:
        # A benchmark that the options name is looked for in every source, and one of them may have it.
        problems |= problems_of(known)
    yield dg.Output({"problems": problems, "folders": folders}, "discovered")
    for batch in pending:
        yield dg.DynamicOutput(batch, mapping_key=batch["shards"][0], output_name="batches")


def _sources(context: dg.OpExecutionContext, config: IngestionConfig) -> list[Source]:
    named = [source_named(name) for name in config.sources]
    return named or configured(SOURCES, context.resources, context.log.info)


def _preflight(context: dg.OpExecutionContext) -> None:
    hub: HubResource = context.resources.hub
    shard_bytes = max(getattr(context.resources, source.name).filled_to for source in SOURCES)
    check_ingestion(hub.open(), hub.data, shard_bytes)


def _discover(context: dg.OpExecutionContext, source: Source, config: IngestionConfig) -> list[Discovered]:
    hub: HubResource = context.resources.hub
    found = discover_source(context, source, hub.open(), hub.data, getattr(context.resources, source.name), config)
    metadata = catalog_metadata(hub.open(), hub.data, found)
    tags = {DATA_VERSION_TAG: CATALOG_VERSION}
    context.log_event(dg.AssetMaterialization(asset_key(source, CATALOG), metadata=metadata, tags=tags))
    for item in found:
        if item.error is not None:
            context.log.warning(f"{source.name}/{item.benchmark}: {item.error}")
    return found


def _pending(
    context: dg.OpExecutionContext, source: Source, found: Sequence[Discovered], config: IngestionConfig
) -> list[Batch]:
    hub: HubResource = context.resources.hub
    head = hub.open().snapshot(hub.data)
    planned: list[Batch] = []
    for item in (item for item in found if item.error is None):
        shards = shards_of(item.catalog, item.folder, head.files, source.data_version)
        counts = {status: sum(shard.status is status for shard in shards) for status in Status}
        context.log.info(f"{item.folder}: shards " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        for batch in batches(to_do(shards, force=config.force_regenerate), BATCH_BYTES, config.batch_shards):
            planned.append({"source": source.name, "folder": item.folder, "shards": [shard.key for shard in batch]})
    return planned


@limited
def ingest_shards(context: Context, batch: Batch, hub: HubResource, place: SourceResource) -> list[ShardOutcome]:
    """Make shards of one benchmark and publish them in one commit."""
    source = source_named(batch["source"])
    n_processes = place.processes or os.cpu_count() or 1
    ingestor = Ingestor(source, place.open(source), hub.open(), hub.data, context.log.info, n_processes=n_processes)
    return ingestor.ingest(batch["folder"], batch["shards"])


@dg.op(
    required_resource_keys=RESOURCES,
    pool=UPSTREAM_POOL,
    description="Make a batch of shards and publish it in one commit.",
)
def ingest(context: dg.OpExecutionContext, batch: dict[str, Any]) -> list[ShardOutcome]:
    """What became of each shard of the batch."""
    hub: HubResource = context.resources.hub
    source = source_named(batch["source"])
    place: SourceResource = getattr(context.resources, source.name)
    try:
        outcomes = retried(context, lambda: ingest_shards(context, batch, hub, place))
    except EveryEvalError as error:
        outcomes = [ShardOutcome(shard, error=error) for shard in batch["shards"]]
    for outcome in outcomes:
        if outcome.error is not None:
            context.log.error(f"{outcome.shard}: {outcome.error}")
            continue
        context.log.info(f"{outcome.shard}: {outcome.n_rows['samples']} samples published")
        for event in shard_events(source, hub.open(), hub.data, outcome):
            context.log_event(event)
    return [replace(outcome, previews={}) for outcome in outcomes]


@dg.op(
    required_resource_keys=RESOURCES,
    pool=UPSTREAM_POOL,
    description="Fail the run if a shard is missing on the Hub, and name it.",
)
def judge(context: dg.OpExecutionContext, discovered: dict[str, Any], ingested: list[list[ShardOutcome]]) -> None:
    """Compare what is published with what is known.

    Raises:
        Failure: something is missing; its description says what, and why.
    """
    if reason := discovered["problems"].get(PREFLIGHT):
        raise dg.Failure(f"Nothing was done. {reason}")
    hub: HubResource = context.resources.hub
    head = hub.open().snapshot(hub.data)
    outcomes = [outcome for batch in ingested for outcome in batch]
    reasons = {item.shard: f"{type(item.error).__name__}: {item.error}" for item in outcomes if item.error is not None}
    problems: dict[str, str] = dict(discovered["problems"])
    for name, folders in discovered["folders"].items():
        source = source_named(name)
        of_source = [item for item in outcomes if folder_of_shard(item.shard) in folders]
        for check in as_evaluations(check_results(source, of_source)) if of_source else ():
            context.log_event(check)  # type: ignore[arg-type] # it takes these too
        for folder in folders:
            shards = shards_of(read_catalog(head, folder), folder, head.files, source.data_version)
            for shard in to_do(shards):
                problems[shard.key] = reasons.get(shard.key, f"{shard.status} on the Hub")
    context.log.info(f"datasets: {hub.open().location(hub.data)}")
    describe = partial(card_change, repo=hub.data, scores_repo=hub.scores)
    retried(context, lambda: publish(hub.open(), hub.data, "Describe", describe))
    disagreements = disagreement_lines(outcomes)
    if disagreements:
        problems["statistics"] = "reported otherwise than the outputs give: " + "; ".join(disagreements[:MAX_SHOWN])
    if problems:
        lines = "\n".join(f"- {name}: {reason}" for name, reason in sorted(problems.items()))
        raise dg.Failure(f"Not everything is as it should be; launching the job again is the retry.\n{lines}")
