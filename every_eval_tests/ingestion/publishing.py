"""The weekly job without Dagster: discovery, planning and ingestion into a folder Hub."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from every_eval.contracts.parquet import read_table
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.table import Table
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Change, Hub, Snapshot
from every_eval.ingestion.discovery import Discovered, Discoverer, read_catalog
from every_eval.ingestion.ingestor import Ingestor, ShardOutcome
from every_eval.ingestion.planning import Shard, shards_of, to_do
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Source
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage
from every_eval_tests.hub.hubs import NOON, REPO, contents

FOLDER = "helm_mmlu"


@dataclass
class WatchedHub:
    """A Hub that records every commit, and can do something before a commit."""

    hub: Hub
    happening: list[Callable[[], object]] = field(default_factory=list)
    """Functions that are called before the next commits, one for each commit."""
    parents: list[str | None] = field(default_factory=list)
    changes: list[Sequence[Change]] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.hub, name)

    def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> Snapshot:
        self.parents.append(parent)
        self.changes.append(list(changes))
        if self.happening:
            self.happening.pop(0)()
        return self.hub.commit(repo, changes, title=title, parent=parent)


@dataclass
class Publishing:
    """A data repo that is kept up to date from one storage."""

    storage: Storage
    hub: Hub
    shard_bytes: int = 1
    """Bytes of input of a shard; the default is so small that every run has a shard of its own."""
    source: Source = field(default_factory=HelmSource)
    reports: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, upstream: Path | Storage, hub: Path, **rest: object) -> "Publishing":
        """Publish from a folder, or any other storage, into a folder Hub."""
        storage = FolderStorage(upstream) if isinstance(upstream, Path) else upstream
        return replace(cls(storage, FolderHub(hub, lambda: NOON)), **rest)  # type: ignore[arg-type]

    def discover(self, *benchmarks: str, max_runs: int | None = None) -> list[Discovered]:
        discoverer = Discoverer(
            self.source, self.storage, self.hub, REPO, self.shard_bytes, max_runs, self.reports.append
        )
        return discoverer.discover(benchmarks or ("mmlu",))

    def shards(self, folder: str = FOLDER) -> Sequence[Shard]:
        head = self.hub.snapshot(REPO)
        return shards_of(read_catalog(head, folder), folder, head, self.source.data_version)

    def to_do(self, folder: str = FOLDER) -> list[str]:
        return [shard.key for shard in to_do(self.shards(folder))]

    def ingest(
        self, keys: Sequence[str], folder: str = FOLDER, acknowledged: Container[str] = ()
    ) -> list[ShardOutcome]:
        ingestor = Ingestor(self.source, self.storage, self.hub, REPO, self.reports.append)
        return ingestor.ingest(folder, keys, acknowledged)

    def refresh(self, *benchmarks: str, max_runs: int | None = None) -> list[str]:
        """Discover and ingest without any error, and return the keys of the shards that were built."""
        built: list[str] = []
        for found in self.discover(*benchmarks, max_runs=max_runs):
            assert found.error is None, found.error
            keys = self.to_do(found.folder)
            if keys:
                assert [outcome.error for outcome in self.ingest(keys, found.folder)] == [None] * len(keys)
            built += keys
        return built

    def contents(self) -> dict[str, bytes]:
        """Return every published file by its path."""
        return contents(self.hub.snapshot(REPO))

    def data(self) -> dict[str, bytes]:
        """Return every published file but those that hold witnesses of this storage."""
        return {path: raw for path, raw in self.contents().items() if not path.startswith(("catalog/", "index_files/"))}

    def commit(self) -> str | None:
        return self.hub.snapshot(REPO).commit

    def rows(self, contract: Table) -> pa.Table:
        """Return all published rows of a table."""
        head = self.hub.snapshot(REPO)
        top = {"samples": "data"}.get(contract.name, contract.name)
        return read_table(contract, [head.fetch(path) for path in head.files if path.startswith(f"{top}/")])

    def rejects(self) -> list[tuple[str, str | None, str | None, str]]:
        """Return (run, file, place, reason) of every published reject."""
        return [(row["run"], row["file"], row["place"], row["reason"]) for row in self.rows(REJECTS).to_pylist()]
