"""Materialisations of the data repo's assets: what was discovered, ingested, or published by another machine."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import dagster as dg
import pyarrow.parquet as pq

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import SHARD_TABLES, folder_of_shard, shard_path, top_folder
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.ingestion.catalog import catalog_table
from every_eval.ingestion.discovery import Discovered
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.orchestration.asset_keys import asset_key, partitions_name
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.data_versions import (
    CATALOG_VERSION,
    benchmark_files,
    discovery_tags,
    files_version,
    newest_version,
    shard_tags,
)
from every_eval.orchestration.lineage import column_lineage
from every_eval.orchestration.metadata import link, table_metadata
from every_eval.orchestration.statistic_names import statistic_name

MAX_SHOWN: Final = 50
"""Disagreements that are kept with a shard, and that a check shows."""
EVENTS_PER_PAGE: Final = 1000
"""Events that one query reads from Dagster's log."""


def discovery_events(repo: DataRepo, found: Sequence[Discovered], read_from: str) -> Iterator[dg.AssetMaterialization]:
    """Yield a materialisation of the catalog and of the releases; `read_from` says where discovery looked."""
    source = repo.source
    catalogs = _files_metadata(
        repo,
        CATALOG,
        n_rows=sum(len(item.catalog) for item in found),
        preview=catalog_table([entry for item in found for entry in item.catalog[:2]]).to_pylist(),
    )
    extra = {"runs": {item.folder: len(item.catalog) for item in found}, "read_from": link(read_from)}
    yield dg.AssetMaterialization(
        asset_key(source, CATALOG), metadata=catalogs | extra, tags=discovery_tags(CATALOG_VERSION)
    )
    yield _files_event(repo, RELEASES)


def shard_events(repo: DataRepo, outcomes: Sequence[ShardOutcome]) -> Iterator[dg.AssetMaterialization]:
    """Yield a materialisation of each table of each shard that was published, and of the index of shards."""
    published = [outcome for outcome in outcomes if outcome.error is None]
    for outcome in published:
        for table in SHARD_TABLES:
            yield dg.AssetMaterialization(
                asset_key(repo.source, table),
                partition=outcome.shard,
                metadata=_shard_metadata(repo, table, outcome),
                tags=shard_tags(repo.source, str(outcome.fingerprint)),
            )
    if published:
        yield _files_event(repo, SHARDS)


def disagreement_lines(outcome: ShardOutcome) -> list[str]:
    """Say in words which numbers of a shard the source reports otherwise than its own outputs give them."""
    return [
        f"{row['run']} in {row['suite']}: the source reports {row['reported']} as {row['field']} of "
        f"{statistic_name(row)}, and its outputs give {row['ours']}"
        for row in outcome.disagreements
    ]


def record_published(instance: dg.DagsterInstance, repo: DataRepo) -> int:
    """Record what other runs published, which this Dagster instance does not know in that version.

    Returns:
        How many shards were recorded.
    """
    instance.add_dynamic_partitions(partitions_name(repo.source), list(repo.fingerprints))
    recorded_shards = set()
    for table in SHARD_TABLES:
        known = recorded(instance, asset_key(repo.source, table))
        for shard, fingerprint in repo.fingerprints.items():
            if known.get(shard, {}).get("fingerprint") != fingerprint:
                instance.report_runless_asset_event(_found_event(repo, table, shard, fingerprint))
                recorded_shards.add(shard)
    for table in (CATALOG, RELEASES, SHARDS):
        if repo.fingerprints and newest_version(instance, asset_key(repo.source, table)) != _version(repo, table):
            instance.report_runless_asset_event(_files_event(repo, table))
    return len(recorded_shards)


def recorded(instance: dg.DagsterInstance, key: dg.AssetKey) -> Mapping[str, Mapping[str, Any]]:
    """Return the metadata of each partition's newest materialisation that this Dagster instance knows."""
    found: dict[str, Mapping[str, Any]] = {}
    cursor = None
    while True:
        page = instance.fetch_materializations(key, limit=EVENTS_PER_PAGE, cursor=cursor)
        for record in page.records:
            event = record.asset_materialization
            if event is not None and event.partition is not None:
                found.setdefault(event.partition, {name: value.value for name, value in event.metadata.items()})
        if not page.has_more:
            return found
        cursor = page.cursor


def _shard_metadata(repo: DataRepo, table: Table, outcome: ShardOutcome) -> dict[str, Any]:
    metadata = {
        **table_metadata(
            n_rows=repo.n_rows(table),
            n_bytes=outcome.n_bytes.get(table.name, 0),
            location=_shard_location(repo, table, outcome.shard, str(outcome.fingerprint)),
            preview=outcome.previews.get(table.name, ()),
        ),
        "dagster/partition_row_count": outcome.n_rows[table.name],
        "fingerprint": outcome.fingerprint,
        "n_rejects": outcome.n_rows["rejects"],
        "duration_seconds": round(outcome.duration_seconds, 3),
        "dagster/column_lineage": column_lineage(repo.source, table),
    }
    if table is STATS:
        lines = disagreement_lines(outcome)
        metadata |= {"n_disagreements": len(lines), "disagreements": lines[:MAX_SHOWN]}
    return metadata


def _found_event(repo: DataRepo, table: Table, shard: str, fingerprint: str) -> dg.AssetMaterialization:
    file = repo.head.files.get(shard_path(table, shard, fingerprint))
    return dg.AssetMaterialization(
        asset_key(repo.source, table),
        partition=shard,
        description="Another run published this shard; this Dagster instance found it on the Hub.",
        metadata={
            "fingerprint": fingerprint,
            "bytes": file.size if file else 0,
            "location": link(_shard_location(repo, table, shard, fingerprint)),
            "dagster/row_count": repo.n_rows(table),
            "dagster/partition_row_count": repo.n_rows_of(table, shard),
        },
        tags=shard_tags(repo.source, fingerprint),
    )


def _shard_location(repo: DataRepo, table: Table, shard: str, fingerprint: str) -> str:
    """Return where a shard's file is, or where it would be if the shard had rows of the table."""
    path = shard_path(table, shard, fingerprint)
    return repo.location(path if path in repo.head.files else f"{top_folder(table)}/{folder_of_shard(shard)}")


def _files_event(repo: DataRepo, table: Table) -> dg.AssetMaterialization:
    """Return the materialisation of a table that has one file for each benchmark."""
    n_rows = sum(_count_rows(repo, path) for path in benchmark_files(repo.source, table, repo.head))
    return dg.AssetMaterialization(
        asset_key(repo.source, table),
        metadata=_files_metadata(repo, table, n_rows=n_rows, preview=()),
        tags=discovery_tags(_version(repo, table)),
    )


def _version(repo: DataRepo, table: Table) -> str:
    """Return the data version of a table that has one file for each benchmark."""
    return CATALOG_VERSION if table is CATALOG else files_version(repo.source, table, repo.head)


def _files_metadata(
    repo: DataRepo, table: Table, *, n_rows: int, preview: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    n_bytes = sum(repo.head.files[path].size for path in benchmark_files(repo.source, table, repo.head))
    return table_metadata(n_rows=n_rows, n_bytes=n_bytes, location=repo.location(table.name), preview=preview)


def _count_rows(repo: DataRepo, path: str) -> int:
    with repo.head.open(path) as file:
        return int(pq.read_metadata(file).num_rows)
