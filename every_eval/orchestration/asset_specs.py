"""Asset specifications: how each published table shows in the graph."""

from collections.abc import Iterable

import dagster as dg

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.identities import IDENTITIES
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import SHARD_TABLES
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.orchestration import freshness
from every_eval.orchestration.asset_keys import KINDS, OWNERS, SPANNING_KEYS, asset_key, scores_tables
from every_eval.orchestration.lineage import definition_metadata
from every_eval.orchestration.metadata import column_schema
from every_eval.scoring.change_detection import VERSION
from every_eval.sources.source import Source


def discovery_specs(source: Source) -> list[dg.AssetSpec]:
    """Return the assets that discovery writes: the catalog of runs, and the releases."""
    return [
        _spec(
            source,
            table,
            (),
            schedule="weekly",
            freshness_policy=freshness.WEEKLY,
            note=" Materialising this asset only discovers: it adds partitions and ingests nothing.",
        )
        for table in (CATALOG, RELEASES)
    ]


def shard_specs(source: Source) -> list[dg.AssetSpec]:
    """Return the assets that have a partition for each shard."""
    version = str(source.data_version)
    return [_spec(source, table, (CATALOG,), schedule="weekly", code_version=version) for table in SHARD_TABLES]


def shard_index_spec(source: Source) -> dg.AssetSpec:
    """Return the asset of the index of shards, which each commit of shards brings up to date."""
    return _spec(source, SHARDS, (STATS,), schedule="weekly")


def scores_specs(source: Source) -> list[dg.AssetSpec]:
    """Return the assets of a source's tables in the scores repo."""
    return [
        _spec(
            source,
            table,
            scores_upstream(table),
            schedule="daily",
            code_version=scores_code_version(),
            freshness_policy=freshness.DAILY,
        )
        for table in scores_tables(source)
    ]


def scores_upstream(table: Table) -> tuple[Table, ...]:
    """Return the tables that a table of scores is made from."""
    upstream = {COMPREHENSIVE_STATS: (STATS, RELEASES), CROSS_BENCHMARK: (LEADERBOARD,)}
    return upstream.get(table, (COMPREHENSIVE_STATS,))


def scores_code_version() -> str:
    """Return the version of the code that makes scores."""
    return str(VERSION)


def spanning_specs(sources: Iterable[Source]) -> list[dg.AssetSpec]:
    """Return the assets over all sources; each source's scoring writes them in its own commit."""
    upstream = {CROSS_SOURCE: LEADERBOARD, IDENTITIES: COMPREHENSIVE_STATS}
    return [
        dg.AssetSpec(
            key,
            deps=[asset_key(source, upstream[table]) for source in sources],
            group_name=CROSS_SOURCE.name,
            kinds=set(KINDS),
            owners=OWNERS,
            tags={"every_eval/schedule": "daily"},
            metadata={"dagster/column_schema": column_schema(table)},
            description=table.doc,
        )
        for table, key in SPANNING_KEYS.items()
    ]


def _spec(
    source: Source,
    table: Table,
    upstream: Iterable[Table],
    *,
    schedule: str,
    code_version: str | None = None,
    freshness_policy: dg.FreshnessPolicy | None = None,
    note: str = "",
) -> dg.AssetSpec:
    """Return the asset of a source's table.

    The asset is skippable because the step logs the materialisations itself, with the same events as the jobs of ops.
    """
    return dg.AssetSpec(
        asset_key(source, table),
        deps=[asset_key(source, parent) for parent in upstream],
        code_version=code_version,
        freshness_policy=freshness_policy,
        group_name=source.name,
        kinds=set(KINDS),
        owners=OWNERS,
        tags={"every_eval/schedule": schedule, "every_eval/source": source.name},
        metadata=definition_metadata(source, table),
        description=table.doc + note,
        skippable=True,
    )
