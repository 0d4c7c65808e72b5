"""Which files of the data repo belong together: what a listing must name, and which shards lack files.

The index of shards states the rows of each shard, and the catalog the shards of each run. A listing that does not fit
is either incomplete, or somebody has deleted files.
"""

from collections.abc import Iterator
from typing import Final

import pyarrow.parquet as pq

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import (
    OPTIONAL_TABLES,
    SHARD_TABLES,
    benchmark_path,
    published_shards,
    shard_path,
    top_folder,
)
from every_eval.contracts.shards import SHARDS
from every_eval.hub.cards import CARD
from every_eval.hub.hub import Snapshot
from every_eval.ingestion.shard_index import IndexRow, index_rows

_BENCHMARK_TABLES: Final = (CATALOG, RELEASES, SHARDS)
_TOP_FOLDERS: Final = frozenset(map(top_folder, SHARD_TABLES))


def missing_files(snapshot: Snapshot, key: str, fingerprint: str, row: IndexRow | None) -> list[str]:
    """Return the paths that a snapshot lacks of a shard; `row` is the shard's row in the index, if it has one."""
    tables = [table for table in SHARD_TABLES if table not in OPTIONAL_TABLES or (row and row[f"n_{table.name}"])]
    paths = [shard_path(table, key, fingerprint) for table in tables]
    return [path for path in paths if path not in snapshot.files]


def listing_doubt(snapshot: Snapshot) -> str | None:
    """Say why a listing of the data repo cannot be complete, as the end of a sentence; null if it can be."""
    folders = sorted(set(_folders(snapshot)))
    if not folders and CARD in snapshot.files:
        return f"it has {CARD} and no benchmark"
    for folder in folders:
        if missing := list(_missing(snapshot, folder)):
            return f"it lacks {len(missing)} files of {folder}, for example {missing[0]}"
        if not _has_shards(snapshot, folder) and (shards := _catalogued(snapshot, folder)):
            # So it is before the first shards are published, and in a listing that ends after the catalog.
            return f"the catalog names {len(shards)} shards of {folder}, and none is there"
    return None


def _folders(snapshot: Snapshot) -> Iterator[str]:
    """Yield the folders of the benchmarks of which the listing has any file."""
    for path in snapshot.files:
        top, _, rest = path.partition("/")
        if top in _TOP_FOLDERS and "/" in rest:
            yield rest.partition("/")[0]
        elif path in (benchmark_path(table, rest.removesuffix(".parquet")) for table in _BENCHMARK_TABLES):
            yield rest.removesuffix(".parquet")


def _missing(snapshot: Snapshot, folder: str) -> Iterator[str]:
    tables = _BENCHMARK_TABLES if _has_shards(snapshot, folder) else (CATALOG, RELEASES)
    yield from (path for table in tables if (path := benchmark_path(table, folder)) not in snapshot.files)
    indexed = {row["shard"]: row for row in index_rows(snapshot, folder)}
    for key, row in indexed.items():
        yield from missing_files(snapshot, key, row["fingerprint"], row)
    for key, fingerprints in published_shards(snapshot.files, folder).items():
        if key not in indexed:
            yield from missing_files(snapshot, key, fingerprints[0], None)


def _has_shards(snapshot: Snapshot, folder: str) -> bool:
    tops = tuple(f"{top}/{folder}/" for top in _TOP_FOLDERS)
    return benchmark_path(SHARDS, folder) in snapshot.files or any(path.startswith(tops) for path in snapshot.files)


def _catalogued(snapshot: Snapshot, folder: str) -> set[str]:
    """Return the shards that the catalog names."""
    path = benchmark_path(CATALOG, folder)
    if path not in snapshot.files:
        return set()
    return set(pq.read_table(snapshot.fetch(path), columns=["shard"])["shard"].to_pylist()) - {None}
