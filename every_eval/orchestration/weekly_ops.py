"""Ops of the weekly job: discover what is new, ingest it batch by batch, and compare with what the Hub has then.

One run discovers shards and ingests them, without a daemon. A job of assets needs the partition at launch, so these are
ops; they call the same functions as the assets, which log the same events. An op that fails says so in its output, so
the other batches go on, and the last op fails the run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import dagster as dg

from every_eval.contracts.repo_layout import folder_of_shard, is_folder_of
from every_eval.errors import EveryEvalError
from every_eval.hub.hub import publish
from every_eval.ingestion.data_card import card_change
from every_eval.ingestion.discovery import Discovered, read_catalog
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.ingestion.planning import Status, batches, shards_of, to_do
from every_eval.ingestion.run_failures import UnexpectedFailure
from every_eval.orchestration.acknowledged import read_acknowledged
from every_eval.orchestration.asset_keys import UPSTREAM_POOL
from every_eval.orchestration.findings import Report
from every_eval.orchestration.ingestion_lock import IngestionLock
from every_eval.orchestration.ingestion_steps import (
    BATCH_BYTES,
    IngestionConfig,
    check_complete,
    check_published,
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
from every_eval.orchestration.run_header import log_header
from every_eval.orchestration.settings_checks import check_settings
from every_eval.orchestration.shard_checks import acknowledged_shards
from every_eval.orchestration.step_failures import Explanation, explain, explained, redacted_errors, single_failure
from every_eval.orchestration.summary import log_summary
from every_eval.sources.source import Source

SCORE: Final = "score"
"""Name of the op of `refresh` that scores."""
PREFLIGHT: Final = "settings"
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
        with redacted_errors():
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
        with redacted_errors():
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
        The problems by name and the names of the sources, and the batches of shards to make.
    """
    log_header(context, [source for source in sources if not config.sources or source.name in config.sources])
    try:
        wanted = _wanted_sources(context, sources, config)
        _check_before_start(context, sources, wanted)
    except EveryEvalError as error:
        return {"problems": {PREFLIGHT: explain(error)}, "sources": []}, []
    problems: dict[str, Explanation] = {}
    known: list[Discovered] = []
    planned: list[Batch] = []
    for source in wanted:
        place = source_resource(context.resources, source)
        try:
            found = discover_source(context, source, config)
        except EveryEvalError as error:
            problems[source.name] = explain(error, place.root_variable, place.shown_root)
            continue
        for item in found:
            if item.error is not None:
                is_bug = isinstance(item.error, UnexpectedFailure)
                log = context.log.error if is_bug else context.log.warning
                log(f"{source.name}/{item.benchmark}: {item.error}")
        known += found
        problems |= {} if config.benchmarks else discovery_problems(found, place)
        planned += _plan(context, source, [item.folder for item in found if item.error is None], config)
    if config.benchmarks:
        # Every source was asked for the benchmarks that the options name; it is enough that one source has them.
        problems |= discovery_problems(known)
    return {"problems": problems, "sources": [source.name for source in wanted]}, planned


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
    acknowledged = acknowledged_shards(repo, read_acknowledged())
    for folder in folders:
        shards = shards_of(read_catalog(repo.head, folder), folder, repo.head, source.data_version)
        counts = {status: sum(shard.status is status for shard in shards) for status in Status}
        stated = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        context.log.info(f"Shards of {folder}: {stated or 'none'}.")
        pending = to_do(shards, force=config.force_regenerate, acknowledged=acknowledged)
        for batch in batches(pending, BATCH_BYTES, config.batch_shards):
            yield {"source": source.name, "folder": folder, "shards": [shard.key for shard in batch]}


def _check_shards(
    context: dg.OpExecutionContext,
    sources: Sequence[Source],
    discovered: Mapping[str, Any],
    outcomes: Sequence[ShardOutcome],
) -> None:
    """Publish the card of the data repo and check everything that is published.

    Raises:
        Failure: a shard is missing, or a fault stands; the description names each problem and what to do.
    """
    problems: dict[str, Explanation] = dict(discovered["problems"])
    if PREFLIGHT in problems:
        raise single_failure("The job did not start.", discovered["problems"][PREFLIGHT])
    hub = hub_resource(context.resources)
    found = Report()
    for source in _sources_of(sources, discovered):
        of_source = [item for item in outcomes if is_folder_of(source.name, folder_of_shard(item.shard))]
        problems |= check_complete(context, source, of_source)
        found |= check_published(context, source)
    publish(
        hub.open(),
        hub.data,
        "Describe",
        lambda head: card_change(head, repo=hub.data, scores_repo=hub.scores, sources=sources),
    )
    if not context.job_def.graph.has_node_named(SCORE):  # `refresh` has that op, and it logs the summary.
        log_summary(context, _sources_of(sources, discovered))
    found.raise_for(context, problems)


def _sources_of(sources: Sequence[Source], discovered: Mapping[str, Any]) -> list[Source]:
    """Return the sources that the job was asked for, whether or not their discovery succeeded."""
    return [source_named(sources, name) for name in discovered["sources"]]
