"""Data versions: by what Dagster tells whether an asset is up to date.

Jobs of ops, materialisations in the UI and records of what other machines published all carry these tags, so the same
shard has the same data version whoever published it: its fingerprint.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import dagster as dg

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import is_folder_of
from every_eval.contracts.table import Table
from every_eval.hub.hub import Snapshot
from every_eval.orchestration.asset_keys import asset_key
from every_eval.sources.source import Source

CATALOG_VERSION: Final = "catalog"
"""Data version of every catalog: a new run makes no other shard stale, since each shard has a fingerprint."""
NO_EVENT: Final = "NULL"
"""Dagster's pointer to no event in particular."""


def version_tags(data_version: str, code_version: str, inputs: Mapping[dg.AssetKey, tuple[str, str]]) -> dict[str, str]:
    """Return the tags of a materialisation that state its versions.

    Args:
        data_version: Version of the data that the asset now holds.
        code_version: Version of the code that made the data.
        inputs: For each asset upstream, its data version and a pointer to its newest event.
    """
    tags = {"dagster/data_version": data_version, "dagster/code_version": code_version}
    tags["dagster/data_version_is_user_provided"] = "true"
    for key, (version, pointer) in inputs.items():
        tags[f"dagster/input_data_version/{key.to_user_string()}"] = version
        tags[f"dagster/input_event_pointer/{key.to_user_string()}"] = pointer
    return tags


def discovery_tags(data_version: str) -> dict[str, str]:
    """Return the version tags of what discovery writes, which has no asset upstream."""
    return {"dagster/data_version": data_version}


def shard_tags(source: Source, fingerprint: str) -> dict[str, str]:
    """Return the version tags of each table of a shard."""
    catalog = {asset_key(source, CATALOG): (CATALOG_VERSION, NO_EVENT)}
    return version_tags(fingerprint, str(source.data_version), catalog)


def releases_version(source: Source, head: Snapshot) -> str:
    """Return the data version of a source's releases: a digest of their files."""
    return files_version(source, RELEASES, head)


def files_version(source: Source, table: Table, head: Snapshot) -> str:
    """Return the data version of a table that has one file for each benchmark: a digest of the files."""
    digests = {path: head.files[path].digest for path in benchmark_files(source, table, head)}
    return hashlib.sha256(canonical_json(digests).encode()).hexdigest()


def benchmark_files(source: Source, table: Table, head: Snapshot) -> list[str]:
    """List the published files of a table that has one file for each benchmark of a source."""
    prefix = f"{table.name}/"
    return [
        path for path in head.files if path.startswith(prefix) and is_folder_of(source.name, path.removeprefix(prefix))
    ]


def newest_version(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """Return the data version of the newest materialisation of an asset; null if this instance knows none."""
    for record in instance.fetch_materializations(key, limit=1).records:
        if record.asset_materialization is not None:
            return (record.asset_materialization.tags or {}).get("dagster/data_version")
    return None


def newest_event(instance: dg.DagsterInstance, key: dg.AssetKey) -> str:
    """Return the pointer to the newest materialisation of an asset."""
    records = instance.fetch_materializations(key, limit=1).records
    return str(records[0].storage_id) if records else NO_EVENT
