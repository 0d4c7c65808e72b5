"""The assets: thin, one call each; a source's come from a factory."""

import warnings
from collections.abc import Iterator, Sequence
from itertools import groupby

import dagster as dg

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.repo_layout import folder_of_shard
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.orchestration import freshness, names
from every_eval.orchestration.daily import (
    TABLES,
    ScoringConfig,
    fail_on_disagreements,
    score_checks,
    score_source,
    scored_metadata,
)
from every_eval.orchestration.lineage import definition_metadata
from every_eval.orchestration.recording import (
    CATALOG_VERSION,
    catalog_metadata,
    check_results,
    shard_events,
    shard_metadata,
)
from every_eval.orchestration.resources import HubResource
from every_eval.orchestration.weekly import (
    RESOURCES,
    IngestionConfig,
    discover_source,
    ingest_shards,
    problems_of,
    retried,
)
from every_eval.sources.source import Source

KINDS = {"parquet", "huggingface"}


def catalog_asset(source: Source) -> dg.AssetsDefinition:
    """The asset that discovers a source's runs and releases."""

    @dg.asset(
        key=names.asset_key(source, CATALOG.name),
        group_name=source.name,
        kinds=KINDS,
        owners=names.OWNERS,
        tags=names.asset_tags("weekly", source),
        freshness_policy=freshness.WEEKLY,
        metadata=definition_metadata([source], CATALOG),
        description=f"{CATALOG.doc} Materialising it only discovers: it adds partitions and ingests nothing.",
        required_resource_keys=RESOURCES,
        pool=names.UPSTREAM_POOL,
    )
    def catalog(context: dg.AssetExecutionContext, config: IngestionConfig) -> dg.MaterializeResult[None]:
        hub: HubResource = context.resources.hub
        place = getattr(context.resources, source.name)
        found = retried(context, lambda: discover_source(context, source, hub.open(), hub.data, place, config))
        if problems := problems_of(found):
            raise dg.Failure(f"Not everything could be discovered: {problems}")
        metadata = catalog_metadata(hub.open(), hub.data, found)
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(CATALOG_VERSION))

    return catalog


def shard_assets(source: Source) -> dg.AssetsDefinition:
    """The assets that hold a source's rows, one partition a shard, made together."""
    specs = [
        dg.AssetSpec(
            names.asset_key(source, table.name),
            deps=[names.asset_key(source, CATALOG.name)],
            code_version=str(source.data_version),
            group_name=source.name,
            kinds=KINDS,
            owners=names.OWNERS,
            tags=names.asset_tags("weekly", source),
            metadata=definition_metadata([source], table),
            description=table.doc,
        )
        for table in names.SHARD_TABLES
    ]
    checks = [
        dg.AssetCheckSpec(names.CONTRACT_CHECK, asset=spec.key, description="Rows follow the table's contract.")
        for spec in specs
    ]
    checks.append(dg.AssetCheckSpec(names.REJECTS_CHECK, asset=specs[0].key, description="Everything could be read."))
    checks.append(
        dg.AssetCheckSpec(
            names.REPORTED_CHECK,
            asset=specs[-1].key,
            description="Statistics that the source reports are what its single outputs give.",
        )
    )
    with warnings.catch_warnings():
        # A range of shards is to be one run; the policy that says so is in beta, and warns of it.
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.multi_asset(
            name=f"{source.name}_shards",
            specs=specs,
            check_specs=checks,
            partitions_def=names.shard_partitions(source),
            backfill_policy=dg.BackfillPolicy.single_run(),
            required_resource_keys=RESOURCES,
            pool=names.UPSTREAM_POOL,
        )
        def shards(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
            outcomes = _ingest(context, source)
            yield from _results(context, source, outcomes)

    return shards


def _ingest(context: dg.AssetExecutionContext, source: Source) -> list[ShardOutcome]:
    """Ingest the partitions of the run, benchmark by benchmark."""
    hub, place = context.resources.hub, getattr(context.resources, source.name)
    outcomes: list[ShardOutcome] = []
    for folder, keys in groupby(sorted(context.partition_keys), folder_of_shard):
        batch = {"source": source.name, "folder": folder, "shards": list(keys)}
        outcomes += retried(context, lambda batch=batch: ingest_shards(context, batch, hub, place))  # type: ignore[misc]
    return outcomes


def _results(
    context: dg.AssetExecutionContext, source: Source, outcomes: Sequence[ShardOutcome]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    hub: HubResource = context.resources.hub
    failed = [item for item in outcomes if item.error is not None]
    if failed:
        for outcome in (item for item in outcomes if item.error is None):
            for event in shard_events(source, hub.open(), hub.data, outcome):
                context.log_event(event)
        raise dg.Failure("Not published: " + "; ".join(f"{item.shard}: {item.error}" for item in failed))
    for table in names.SHARD_TABLES:
        key = names.asset_key(source, table.name)
        for outcome in outcomes:
            metadata = shard_metadata(source, hub.open(), hub.data, table, outcome)
            context.add_asset_metadata(metadata, asset_key=key, partition_key=outcome.shard)
        yield dg.MaterializeResult(asset_key=key)
    yield from check_results(source, outcomes)


def scores_assets(sources: Sequence[Source]) -> dg.AssetsDefinition:
    """The assets of the scores repo, made together from all published shards."""
    statistics = [names.asset_key(source, "stats") for source in sources]
    upstream = {names.COMPREHENSIVE_STATS: statistics, names.LEADERBOARD: [names.COMPREHENSIVE_STATS]}

    @dg.multi_asset(
        name="comprehensive_stats",
        pool=names.SCORES_POOL,
        specs=[
            dg.AssetSpec(
                key,
                deps=upstream[key],
                group_name=names.SCORES_GROUP,
                kinds=KINDS,
                owners=names.OWNERS,
                tags=names.asset_tags("daily"),
                freshness_policy=freshness.DAILY,
                metadata=definition_metadata(sources, table),
                description=table.doc,
                skippable=True,
            )
            for key, table in TABLES.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(names.CONTRACT_CHECK, asset=key, description="Rows follow the table's contract.")
            for key in TABLES
        ]
        + [
            dg.AssetCheckSpec(
                names.VALIDATION_CHECK,
                asset=names.COMPREHENSIVE_STATS,
                description="Keys, limits, counts and coverage are as they must be.",
            ),
            dg.AssetCheckSpec(
                names.PUBLISHED_CHECK,
                asset=names.LEADERBOARD,
                description="Tables that the source publishes hold what their statistics give, cell by cell.",
            ),
        ],
    )
    def scores(
        context: dg.AssetExecutionContext, config: ScoringConfig, hub: HubResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        scored = score_source(context, config, hub)
        for key, metadata in scored_metadata(config, hub, scored).items():
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        yield from score_checks(scored)
        fail_on_disagreements(scored)

    return scores
