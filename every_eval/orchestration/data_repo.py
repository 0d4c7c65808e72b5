"""The data repo as it is published: the shards of one source, and how many rows they hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from every_eval.contracts.repo_layout import published_folders, published_shards
from every_eval.contracts.table import Table
from every_eval.hub.hub import Hub, Snapshot
from every_eval.ingestion.shard_index import read_index
from every_eval.sources.source import Source


@dataclass(frozen=True)
class DataRepo:
    """One source's part of the data repo, as of the newest commit."""

    source: Source
    hub: Hub
    name: str

    @cached_property
    def head(self) -> Snapshot:
        """Newest commit of the repo, read once and then kept."""
        return self.hub.snapshot(self.name)

    @cached_property
    def folders(self) -> list[str]:
        """Folders of the benchmarks that have published shards."""
        return published_folders(self.head.files, self.source.name)

    @cached_property
    def fingerprints(self) -> Mapping[str, str]:
        """Fingerprint of each published shard, by the shard's key."""
        found: dict[str, str] = {}
        for folder in self.folders:
            found |= {key: digests[0] for key, digests in published_shards(self.head.files, folder).items()}
        return found

    @cached_property
    def index(self) -> Mapping[str, Mapping[str, Any]]:
        """Row of the index of shards for each published shard that the index knows, by the shard's key."""
        return {row["shard"]: row for folder in self.folders for row in read_index(self.head, folder)}

    def n_rows(self, table: Table) -> int:
        """Count the rows of a table in all published shards."""
        return sum(self.n_rows_of(table, shard) for shard in self.index)

    def n_rows_of(self, table: Table, shard: str) -> int:
        """Count the rows of a table in one published shard, 0 where the index does not know the shard."""
        return int(self.index[shard][f"n_{table.name}"]) if shard in self.index else 0

    def location(self, path: str) -> str:
        """Return where people find a file of the repo."""
        return self.hub.location(self.name, path)
