"""Assets of the data repo: a factory makes those of each source."""

import warnings
from collections.abc import Iterator
from itertools import groupby

import dagster as dg

from every_eval.contracts.repo_layout import folder_of_shard
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.orchestration.asset_keys import UPSTREAM_POOL, partitions_name, shard_partitions
from every_eval.orchestration.asset_specs import discovery_specs, shard_specs
from every_eval.orchestration.ingestion_steps import (
    IngestionConfig,
    check_published_shards,
    discover_source,
    discovery_problems,
    publish_shards,
)
from every_eval.orchestration.resources import resource_keys
from every_eval.orchestration.shard_checks import discovery_check_specs, shard_check_specs
from every_eval.orchestration.step_failures import explain, explained
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
        with explained():
            problems = discovery_problems(discover_source(context, source, config))
        if problems:
            lines = "\n".join(f"- {name}: {problem}" for name, problem in problems.items())
            raise dg.Failure(f"Discovery failed for {len(problems)} benchmarks of {source.name}.\n{lines}")
        yield from ()  # The step has logged its materialisations itself.

    return discovery


def shard_assets(source: Source) -> dg.AssetsDefinition:
    """Return the assets that hold a source's rows, with a partition for each shard."""
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
            _publish_partitions(context, source)
            yield from ()  # The step has logged the materialisations itself: each shard has a data version of its own.

    return shards


def _publish_partitions(context: dg.AssetExecutionContext, source: Source) -> None:
    """Publish the shards that are the partitions of the run, benchmark by benchmark.

    Raises:
        Failure: shards could not be published.
    """
    outcomes: list[ShardOutcome] = []
    for folder, keys in groupby(sorted(context.partition_keys), folder_of_shard):
        outcomes += publish_shards(context, source, folder, list(keys))
    check_published_shards(context, source, outcomes)
    failed = [f"- {item.shard}: {explain(item.error)}" for item in outcomes if item.error is not None]
    if failed:
        raise dg.Failure(f"{len(failed)} of {len(outcomes)} shards were not published.\n" + "\n".join(failed))
