"""Assets of the data repo: a factory makes those of each source."""

import warnings
from collections.abc import Iterator
from itertools import groupby

import dagster as dg

from every_eval.contracts.repo_layout import folder_of_shard
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.orchestration.asset_keys import UPSTREAM_POOL, partitions_name, shard_partitions
from every_eval.orchestration.asset_specs import discovery_specs, shard_specs
from every_eval.orchestration.findings import report
from every_eval.orchestration.ingestion_steps import (
    IngestionConfig,
    check_published,
    data_repo,
    discover_source,
    discovery_problems,
    publish_shards,
    shard_problems,
)
from every_eval.orchestration.resources import resource_keys, source_resource
from every_eval.orchestration.run_header import log_header
from every_eval.orchestration.shard_checks import discovery_check_specs, discovery_findings, shard_check_specs
from every_eval.orchestration.step_failures import explained, redacted_errors
from every_eval.sources.source import Source


def discovery_assets(source: Source) -> dg.AssetsDefinition:
    """Return the assets that discover a source's runs and releases; materialising them ingests nothing."""

    @dg.multi_asset(
        name=f"{source.name}_discovery",
        specs=discovery_specs(source),
        check_specs=discovery_check_specs(source),
        can_subset=True,
        required_resource_keys=resource_keys([source]),
        pool=UPSTREAM_POOL,
    )
    def discovery(context: dg.AssetExecutionContext, config: IngestionConfig) -> Iterator[dg.MaterializeResult[None]]:
        place = source_resource(context.resources, source)
        log_header(context, [source])
        with explained(place.root_variable, place.shown_root):
            problems = discovery_problems(discover_source(context, source, config), place)
            found = report(context, discovery_findings(data_repo(context, source)))
        found.raise_for(context, problems)
        yield from ()  # The step has logged its materialisations itself.

    return discovery


def shard_assets(source: Source) -> dg.AssetsDefinition:
    """Return the assets of a source's tables of rows, which have a partition for each shard."""
    with warnings.catch_warnings():
        # One run materialises a whole range of shards. The policy that says so is in beta, and Dagster warns of it.
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.multi_asset(
            name=partitions_name(source),
            specs=shard_specs(source),
            check_specs=shard_check_specs(source),
            can_subset=True,
            partitions_def=shard_partitions(source),
            backfill_policy=dg.BackfillPolicy.single_run(),
            required_resource_keys=resource_keys([source]),
            pool=UPSTREAM_POOL,
        )
        def shards(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
            with redacted_errors():
                _publish_partitions(context, source)
            yield from ()  # The step has logged the materialisations itself: each shard has a data version of its own.

    return shards


def _publish_partitions(context: dg.AssetExecutionContext, source: Source) -> None:
    """Publish the shards that are the partitions of the run, benchmark by benchmark.

    Raises:
        Failure: shards could not be published, or a fault stands in what is published.
    """
    place = source_resource(context.resources, source)
    log_header(context, [source])
    with explained(place.root_variable, place.shown_root):
        outcomes: list[ShardOutcome] = []
        for folder, keys in groupby(sorted(context.partition_keys), folder_of_shard):
            outcomes += publish_shards(context, source, folder, list(keys))
        found = check_published(context, source)
    found.raise_for(context, shard_problems(outcomes, place))
