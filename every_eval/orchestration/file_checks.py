"""Checks that read published files again, for assets that no step of their own materialises."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import latest_path
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.table import Table
from every_eval.errors import ContractViolation
from every_eval.orchestration.asset_keys import CROSS_SOURCE_KEY, SCORES_POOL, UPSTREAM_POOL, CheckName, asset_key
from every_eval.orchestration.data_versions import benchmark_files
from every_eval.orchestration.resources import HubResource
from every_eval.sources.source import Source

DESCRIPTION = "Every row of the published file follows the table's contract: columns, types, limits and unique keys."


def cross_source_check(sources: Sequence[Source]) -> dg.AssetChecksDefinition:
    """Return the check of the table that spans sources."""

    @dg.asset_check(asset=CROSS_SOURCE_KEY, name=CheckName.CONTRACT.value, description=DESCRIPTION, pool=SCORES_POOL)
    def contract(hub: HubResource) -> dg.AssetCheckResult:
        head = hub.open().snapshot(hub.scores)
        path = latest_path(CROSS_SOURCE, sources[0].name)
        return _result(CROSS_SOURCE, [head.fetch(path)] if path in head.files else [])

    return contract


def shard_index_check(source: Source) -> dg.AssetChecksDefinition:
    """Return the check of a source's index of shards."""

    @dg.asset_check(
        asset=asset_key(source, SHARDS), name=CheckName.CONTRACT.value, description=DESCRIPTION, pool=UPSTREAM_POOL
    )
    def contract(hub: HubResource) -> dg.AssetCheckResult:
        head = hub.open().snapshot(hub.data)
        return _result(SHARDS, [head.fetch(path) for path in benchmark_files(source, SHARDS, head)])

    return contract


def _result(table: Table, files: Sequence[Path]) -> dg.AssetCheckResult:
    try:
        rows = read_table(table, files)
        table.validate(rows)
    except ContractViolation as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    return dg.AssetCheckResult(passed=True, metadata={"files": len(files), "rows": rows.num_rows})
