"""Checks that read published files again: do they keep the contract of their table?"""

from collections.abc import Sequence
from typing import Final

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.conforming import conform
from every_eval.contracts.repo_layout import latest_path
from every_eval.contracts.scanning import scan_table
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.table import Table
from every_eval.errors import ContractViolation
from every_eval.hub.hub import Snapshot
from every_eval.orchestration.asset_keys import SCORES_POOL, SPANNING_KEYS, UPSTREAM_POOL, CheckName, asset_key
from every_eval.orchestration.data_versions import benchmark_files
from every_eval.orchestration.findings import Fault, Finding, evaluation
from every_eval.orchestration.resources import HubResource
from every_eval.sources.source import Source

CONTRACT_MEANING: Final = "Every row follows the table's contract: columns, types, limits and unique keys."
WHOLE_BYTES: Final = 64 << 20
"""Size up to which a file is read again, in bytes. Of a larger file, only the columns and types are checked: its rows
were validated before the commit."""


def spanning_check(table: Table, sources: Sequence[Source]) -> dg.AssetChecksDefinition:
    """Return the check of a table over all sources."""
    key = SPANNING_KEYS[table]

    @dg.asset_check(asset=key, name=CheckName.CONTRACT.value, description=CONTRACT_MEANING, pool=SCORES_POOL)
    def contract(hub: HubResource) -> dg.AssetCheckResult:
        head = hub.open().snapshot(hub.scores)
        paths = [path for path in [latest_path(table, sources[0].name)] if path in head.files]
        return _result(contract_finding(key, table, head, paths))

    return contract


def shard_index_check(source: Source) -> dg.AssetChecksDefinition:
    """Return the check of a source's index of shards."""
    key = asset_key(source, SHARDS)

    @dg.asset_check(asset=key, name=CheckName.CONTRACT.value, description=CONTRACT_MEANING, pool=UPSTREAM_POOL)
    def contract(hub: HubResource) -> dg.AssetCheckResult:
        head = hub.open().snapshot(hub.data)
        return _result(contract_finding(key, SHARDS, head, benchmark_files(source, SHARDS, head)))

    return contract


def _result(finding: Finding) -> dg.AssetCheckResult:
    found = evaluation(finding)
    return dg.AssetCheckResult(
        passed=found.passed, severity=found.severity, metadata=found.metadata, description=found.description
    )


def contract_finding(key: dg.AssetKey, table: Table, head: Snapshot, paths: Sequence[str]) -> Finding:
    """Return whether published files of a table keep its contract."""
    return Finding(
        key,
        CheckName.CONTRACT,
        CONTRACT_MEANING,
        n_compared=len(paths),
        compared="files",
        faults=[fault for path in paths if (fault := _broken(table, head, path)) is not None],
    )


def _broken(table: Table, head: Snapshot, path: str) -> Fault | None:
    try:
        if head.files[path].size <= WHOLE_BYTES:
            for piece in scan_table(table, head.fetch(path), table.schema.names):
                table.validate(piece)
        else:
            with head.open(path) as file:
                conform(table, table.columns, path, pq.read_schema(file).empty_table())
    except (ContractViolation, pa.ArrowException) as error:
        text = f"{path} breaks the contract of its table: {' '.join(str(error).split()).rstrip('.')}"
        return Fault(path, None, head.files[path].digest[:16], f"{text}. Restore an earlier commit of the repo")
    return None
