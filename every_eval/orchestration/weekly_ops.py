"""Ops of the weekly job: discover what is new, ingest it batch by batch, and compare with what the Hub has then.

One run discovers shards and ingests them, without a daemon. A job of assets needs the partition at launch, so these are
ops; they call the same functions as the assets, which log the same events. An op that fails says so in its output, so
the other batches go on, and the last op fails the run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import dagster as dg

from every_eval.contracts.repo_layout import folder_of_shard
from every_eval.errors import EveryEvalError
from every_eval.hub.hub import publish
from every_eval.ingestion.data_card import card_change
from every_eval.ingestion.discovery import Discovered, read_catalog
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.ingestion.planning import Status, batches, shards_of, standing_problems, to_do
from every_eval.orchestration.asset_keys import UPSTREAM_POOL
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.ingestion_events import MAX_SHOWN
from every_eval.orchestration.ingestion_lock import IngestionLock
from every_eval.orchestration.ingestion_steps import (
    BATCH_BYTES,
    IngestionConfig,
    check_published_shards,
    data_repo,
    discover_source,
    discovery_problems,
    publish_shards,
)
from every_eval.orchestration.preflight import check_ingestion
from every_eval.orchestration.resources import (
    configured_sources,
    hub_resource,
    resource_keys,
    source_named,
    source_resource,
)
from every_eval.orchestration.settings_checks import check_settings
from every_eval.orchestration.shard_checks import published_disagreements
from every_eval.orchestration.step_failures import explain, explained
from every_eval.sources.source import Source

PREFLIGHT: Final = "preflight"
"""Name of a problem that keeps the whole job from starting."""

Batch = Mapping[str, Any]
"""source, folder and shards: what one step ingests and commits."""


class WeeklyOps(NamedTuple):
    """The ops of the weekly job."""

    discover: dg.OpDefinition
    ingest: dg.OpDefinition
    check_shards: dg.OpDefinition


def weekly_ops(sources: Sequence[Source]) -> WeeklyOps:
    """Return the ops that ingest any of the sources."""
    keys = resource_keys(sources)

    @dg.op(
        required_resource_keys={*keys, "ingestion_lock"},
        pool=UPSTREAM_POOL,
        out={"discovered": dg.Out(dict), "batches": dg.DynamicOut(dict)},
        description="Find the runs and releases of every source, commit the catalogs, and plan which shards to make.",
    )
    def discover(context: dg.OpExecutionContext, config: IngestionConfig) -> Iterator[Any]:
        lock: IngestionLock = context.resources.ingestion_lock
        lock.acquire(context)
        discovered, planned = _discover_all(context, sources, config)
        yield dg.Output(discovered, "discovered")
        for batch in planned:
            yield dg.DynamicOutput(batch, mapping_key=batch["shards"][0], output_name="batches")

    @dg.op(
        required_resource_keys=keys,
        pool=UPSTREAM_POOL,
        description="Make a batch of shards and publish them in one commit.",
    )
    def ingest(context: dg.OpExecutionContext, batch: dict[str, Any]) -> list[ShardOutcome]:
        source = source_named(sources, batch["source"])
        outcomes = publish_shards(context, source, batch["folder"], batch["shards"])
        return [replace(outcome, previews={}) for outcome in outcomes]

    @dg.op(
        required_resource_keys=keys,
        pool=UPSTREAM_POOL,
        description="Compare what the Hub has with the catalogs, check all published shards, and fail the run if a "
        "shard is missing or a check failed.",
    )
    def check_shards(
        context: dg.OpExecutionContext, discovered: dict[str, Any], ingested: list[list[ShardOutcome]]
    ) -> None:
        with explained():
            _check_shards(context, sources, discovered, [outcome for batch in ingested for outcome in batch])

    return WeeklyOps(discover, ingest, check_shards)


def _discover_all(
    context: dg.OpExecutionContext, sources: Sequence[Source], config: IngestionConfig
) -> tuple[dict[str, Any], list[Batch]]:
    """Discover the sources that the run config names, or all configured sources.

    Returns:
        The problems by name and the folders by source, and the batches of shards to make.
    """
    try:
        wanted = _wanted_sources(context, sources, config)
        _check_before_start(context, sources, wanted)
    except EveryEvalError as error:
        context.log.error(str(error))
        return {"problems": {PREFLIGHT: explain(error)}, "folders": {}}, []
    problems: dict[str, str] = {}
    folders: dict[str, list[str]] = {}
    known: list[Discovered] = []
    planned: list[Batch] = []
    for source in wanted:
        try:
            found = discover_source(context, source, config)
        except EveryEvalError as error:
            problems[source.name] = explain(error)
            continue
        for item in found:
            if item.error is not None:
                context.log.warning(f"{source.name}/{item.benchmark}: {item.error}")
        known += found
        problems |= {} if config.benchmarks else discovery_problems(found)
        folders[source.name] = [item.folder for item in found if item.error is None]
        planned += _plan(context, source, folders[source.name], config)
    if config.benchmarks:
        # Every source was asked for the benchmarks that the options name; it is enough that one source has them.
        problems |= discovery_problems(known)
    return {"problems": problems, "folders": folders}, planned


def _wanted_sources(
    context: dg.OpExecutionContext, sources: Sequence[Source], config: IngestionConfig
) -> Sequence[Source]:
    named = [source_named(sources, name) for name in config.sources]
    return named or configured_sources(sources, context.resources, context.log.info)


def _check_before_start(context: dg.OpExecutionContext, sources: Sequence[Source], wanted: Sequence[Source]) -> None:
    hub = hub_resource(context.resources)
    places = {source.name: (source, source_resource(context.resources, source)) for source in wanted}
    check_settings(hub, places, sources, context.log.warning)
    shard_bytes = max(source_resource(context.resources, source).filled_to for source in sources)
    check_ingestion(hub.open(), hub.data, shard_bytes)


def _plan(
    context: dg.OpExecutionContext, source: Source, folders: Sequence[str], config: IngestionConfig
) -> Iterator[Batch]:
    """Yield the batches of shards to make, and log how many shards of each benchmark are new, changed and so on."""
    repo = data_repo(context, source)
    for folder in folders:
        shards = shards_of(read_catalog(repo.head, folder), folder, repo.head, source.data_version)
        counts = {status: sum(shard.status is status for shard in shards) for status in Status}
        context.log.info(f"{folder}: shards " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        for batch in batches(to_do(shards, force=config.force_regenerate), BATCH_BYTES, config.batch_shards):
            yield {"source": source.name, "folder": folder, "shards": [shard.key for shard in batch]}


def _check_shards(
    context: dg.OpExecutionContext,
    sources: Sequence[Source],
    discovered: Mapping[str, Any],
    outcomes: Sequence[ShardOutcome],
) -> None:
    """Publish the card of the data repo and check everything that is published.

    Raises:
        Failure: a shard is missing, or a check failed; the description names each problem and what to do.
    """
    problems: dict[str, str] = dict(discovered["problems"])
    if PREFLIGHT in problems:
        raise dg.Failure(f"The job did not start. {problems[PREFLIGHT]}")
    hub = hub_resource(context.resources)
    for name, folders in discovered["folders"].items():
        source = source_named(sources, name)
        of_source = [item for item in outcomes if folder_of_shard(item.shard) in folders]
        repo = check_published_shards(context, source, of_source)
        problems |= _missing_shards(repo, folders, of_source)
        problems |= _wrong_statistics(context, repo)
    publish(
        hub.open(),
        hub.data,
        "Describe",
        lambda head: card_change(head, repo=hub.data, scores_repo=hub.scores, sources=sources),
    )
    context.log.info(f"The datasets are in {hub.open().location(hub.data)}")
    if problems:
        lines = "\n".join(f"- {name}: {reason}" for name, reason in sorted(problems.items()))
        raise dg.Failure(f"{len(problems)} problems; everything else is published.\n{lines}")


def _missing_shards(repo: DataRepo, folders: Sequence[str], outcomes: Sequence[ShardOutcome]) -> dict[str, str]:
    """Say why shards that the catalogs know are not on the Hub as they should be, by the shard's key."""
    reasons = {item.shard: explain(item.error) for item in outcomes if item.error is not None}
    shards = [
        shard
        for folder in folders
        for shard in shards_of(read_catalog(repo.head, folder), folder, repo.head, repo.source.data_version)
    ]
    missing = {
        shard.key: f"the shard is {shard.status} and was not published. Launch the job again to publish the shard."
        for shard in to_do(shards)
    }
    return {**missing, **reasons, **standing_problems(shards)}


def _wrong_statistics(context: dg.OpExecutionContext, repo: DataRepo) -> dict[str, str]:
    """Say which reported statistics of published shards differ from what the outputs give, by the source's name."""
    found = published_disagreements(context.instance, repo).values()
    lines = [line for item in found for line in item.first][:MAX_SHOWN]
    if not lines:
        return {}
    text = f"{sum(item.n for item in found)} reported statistics differ from what the outputs give: {'; '.join(lines)}"
    return {f"{repo.source.name} statistics": f"{text}. Look at these runs at the source; both values are published."}
