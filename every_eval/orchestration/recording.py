"""What was published, as Dagster's events: the same whether an asset, a job or an earlier process published it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.repo_layout import benchmark_path, published_folders, published_shards, shard_path
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.hub.hub import Hub, Snapshot
from every_eval.ingestion.catalog import catalog_table
from every_eval.ingestion.discovery import Discovered
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.orchestration.lineage import column_lineage
from every_eval.orchestration.metadata import link, table_metadata
from every_eval.orchestration.names import (
    CONTRACT_CHECK,
    REJECTS_CHECK,
    REPORTED_CHECK,
    SHARD_TABLES,
    asset_key,
    shard_partitions,
)
from every_eval.sources.source import Source

DATA_VERSION_TAG = "dagster/data_version"
CATALOG_VERSION = "catalog"
"""The same for every catalog: a new run makes no shard stale, whose own fingerprint says what it is made from."""
MAX_SHOWN = 50
"""Disagreements that a check shows."""
PAGE = 1000
"""Events that are read from Dagster's log at once."""


def catalog_metadata(hub: Hub, repo: str, found: Sequence[Discovered]) -> dict[str, Any]:
    """What is shown of the catalogs that a discovery left."""
    head = hub.snapshot(repo)
    paths = [path for path in (benchmark_path(CATALOG, item.folder) for item in found) if path in head.files]
    metadata = table_metadata(
        n_rows=sum(len(item.catalog) for item in found),
        n_bytes=sum(head.files[path].size for path in paths),
        location=hub.location(repo, "catalog"),
        preview=catalog_table([entry for item in found for entry in item.catalog[:2]]).to_pylist(),
    )
    return metadata | {"runs": {item.folder: len(item.catalog) for item in found}}


def shard_metadata(source: Source, hub: Hub, repo: str, table: Table, outcome: ShardOutcome) -> dict[str, Any]:
    """What is shown of one table of a shard that was published."""
    name = table.name
    path = shard_path(table, outcome.shard, str(outcome.fingerprint))
    metadata = table_metadata(
        n_rows=outcome.n_rows[name],
        n_bytes=outcome.n_bytes[name],
        location=hub.location(repo, path),
        preview=outcome.previews[name],
    )
    n_rows, n_rejects = outcome.n_rows[name], outcome.n_rows["rejects"]
    return {
        **metadata,
        "dagster/partition_row_count": n_rows,
        "fingerprint": outcome.fingerprint,
        "n_rejects": n_rejects,
        "duration_seconds": round(outcome.duration_seconds, 3),
        "dagster/column_lineage": column_lineage([source], table),
    }


def version_tags(source: Source, fingerprint: str) -> dict[str, str]:
    """What Dagster tells by whether a shard is up to date, as it writes it where an asset is materialised."""
    return {
        DATA_VERSION_TAG: fingerprint,
        "dagster/code_version": str(source.data_version),
        f"dagster/input_data_version/{source.name}/{CATALOG.name}": CATALOG_VERSION,
        f"dagster/input_event_pointer/{source.name}/{CATALOG.name}": "NULL",
    }


def shard_events(source: Source, hub: Hub, repo: str, outcome: ShardOutcome) -> Iterator[dg.AssetMaterialization]:
    """A materialisation of each of the source's assets for a shard that was published."""
    for table in SHARD_TABLES:
        yield dg.AssetMaterialization(
            asset_key(source, table.name),
            partition=outcome.shard,
            metadata=shard_metadata(source, hub, repo, table, outcome),
            tags=version_tags(source, str(outcome.fingerprint)),
        )


def check_results(source: Source, outcomes: Iterable[ShardOutcome]) -> Iterator[dg.AssetCheckResult]:
    """What validation found, for the checks of the source's assets."""
    outcomes = list(outcomes)
    failed = {item.shard: str(item.error) for item in outcomes if item.error is not None}
    for table in SHARD_TABLES:
        n_rows = sum(item.n_rows.get(table.name, 0) for item in outcomes)
        yield dg.AssetCheckResult(
            asset_key=asset_key(source, table.name),
            check_name=CONTRACT_CHECK,
            passed=not failed,
            metadata={"rows": n_rows, "shards": len(outcomes), "not_published": failed},
            description="Every row follows the contract." if not failed else f"Not published: {', '.join(failed)}.",
        )
    rejects = {item.shard: item.n_rows["rejects"] for item in outcomes if item.n_rows.get("rejects")}
    yield dg.AssetCheckResult(
        asset_key=asset_key(source, SHARD_TABLES[0].name),
        check_name=REJECTS_CHECK,
        passed=not rejects,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejects": rejects},
        description=f"{sum(rejects.values())} things could not be read; see rejects/ in the data repo.",
    )
    lines = disagreement_lines(outcomes)
    yield dg.AssetCheckResult(
        asset_key=asset_key(source, STATS.name),
        check_name=REPORTED_CHECK,
        passed=not lines,
        metadata={"statistics": len(lines), "first": lines[:MAX_SHOWN]},
        description=f"{len(lines)} reported numbers are not what the single outputs give.",
    )


def disagreement_lines(outcomes: Iterable[ShardOutcome]) -> list[str]:
    """Numbers that the source reported otherwise than its own outputs give them, in words."""
    return [
        f"{row['run']} in {row['suite']}: {row['field']} of {row['metric_name']} on {row['split']}"
        f"{' under ' + row['perturbation'] if row['perturbation'] else ''} is reported as {row['reported']}, "
        f"and is {row['ours']}"
        for outcome in outcomes
        for row in outcome.disagreements
    ]


def as_evaluations(results: Iterable[dg.AssetCheckResult]) -> Iterator[dg.AssetCheckEvaluation]:
    """Check results as events that an op can log."""
    for result in results:
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey.from_coercible(result.asset_key or ()),
            check_name=str(result.check_name),
            passed=bool(result.passed),
            metadata=result.metadata,
            severity=result.severity,
            description=result.description,
        )


def unrecorded_events(
    instance: dg.DagsterInstance, source: Source, hub: Hub, repo: str, head: Snapshot
) -> Iterator[dg.AssetMaterialization]:
    """Materialisations of shards that the Hub has and this instance does not know, or knows in another version."""
    folders = published_folders(head.files, source.name)
    shards = {key: digests[0] for folder in folders for key, digests in published_shards(head.files, folder).items()}
    instance.add_dynamic_partitions(str(shard_partitions(source).name), list(shards))
    for table in SHARD_TABLES:
        key = asset_key(source, table.name)
        recorded = _recorded(instance, key)
        for shard, digest in shards.items():
            if recorded.get(shard) != digest:
                file = head.files[shard_path(table, shard, digest)]
                yield dg.AssetMaterialization(
                    key,
                    partition=shard,
                    description="Found on the Hub.",
                    metadata={
                        "fingerprint": digest,
                        "bytes": file.size,
                        "location": link(hub.location(repo, file.path)),
                    },
                    tags=version_tags(source, digest),
                )


def _recorded(instance: dg.DagsterInstance, key: dg.AssetKey) -> Mapping[str, str]:
    """The fingerprint of each partition's newest materialisation in this instance."""
    found: dict[str, str] = {}
    cursor = None
    while True:
        page = instance.fetch_materializations(key, limit=PAGE, cursor=cursor)
        for record in page.records:
            event = record.asset_materialization
            if event is not None and event.partition is not None and "fingerprint" in event.metadata:
                found.setdefault(event.partition, str(event.metadata["fingerprint"].value))
        if not page.has_more:
            return found
        cursor = page.cursor
