"""Names by which Dagster knows assets, partitions, checks, tags and pools."""

from enum import StrEnum
from typing import Final

import dagster as dg

from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.scores_tables import SPANNING_TABLES, TABLES_OF_SOURCE
from every_eval.contracts.table import Table
from every_eval.sources.source import Source

CROSS_SOURCE_KEY: Final = dg.AssetKey(CROSS_SOURCE.name)
SPANNING_KEYS: Final = {table: dg.AssetKey(table.name) for table in SPANNING_TABLES}
"""Keys of the tables over all sources."""
PAGE_KEY: Final = dg.AssetKey("page")
"""Key of the page."""
EEE: Final = "eee"
"""Last part of the keys of the assets that export records of Every Eval Ever."""
OWNERS: Final = ("team:evaleval",)
KINDS: Final = frozenset({"parquet", "huggingface"})

UPSTREAM_POOL: Final = "upstream"
"""Pool of the steps that read a source's storage and commit to the data repo; a deployment limits how many run."""
SCORES_POOL: Final = "scores"
"""Pool of the steps that commit to the scores repo."""


SHARD_CHECKS: Final = "shard_"
"""First part of the names of checks that speak of one shard."""


class CheckName(StrEnum):
    """Names of the checks that speak of everything that is published; exit status and alerts follow them."""

    CONTRACT = "contract"
    COMPLETE = "complete"
    REJECTS = "rejects"
    REPORTED = "reported"
    HELD_BACK = "held_back"
    FAILED_RUNS = "failed_runs"
    PUBLISHED = "published"
    VALIDATION = "validation"

    @property
    def of_shard(self) -> str:
        """Name of the partitioned check beside this check, which speaks of one shard."""
        return f"{SHARD_CHECKS}{self}"


def shard_partitions(source: Source) -> dg.DynamicPartitionsDefinition:
    """Return the partitions of a source's shards; discovery adds their keys."""
    return dg.DynamicPartitionsDefinition(name=partitions_name(source))


def partitions_name(source: Source) -> str:
    """Name of the partitions of a source's shards."""
    return f"{source.name}_shards"


def asset_key(source: Source, table: Table) -> dg.AssetKey:
    """Return the key of a source's asset, for example `helm/leaderboard`, or `helm/tables` for `helm_tables`."""
    return dg.AssetKey([source.name, table.name.removeprefix(f"{source.name}_")])


def scores_tables(source: Source) -> tuple[Table, ...]:
    """Return the tables of the scores repo that hold one source's scores."""
    return (*TABLES_OF_SOURCE, *source.published_contracts)
