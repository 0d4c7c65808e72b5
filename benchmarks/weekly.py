"""Measure a weekly run that finds nothing new, against a first run that ingests everything.

    python -m benchmarks.weekly [--corpus FOLDER] [--benchmarks NAME ...] [--processes N]

The benchmark counts the requests to the storage: listings, objects read, and bytes read.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from benchmarks.enlarged_runs import open_corpus
from benchmarks.measurement import cpu_seconds, show
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.discovery import Discovered, Discoverer
from every_eval.ingestion.ingestor import Ingestor
from every_eval.ingestion.planning import shards_of, to_do
from every_eval.network.content import Digested
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.storage import SkippedEntry, Storage, StoredObject

REPO = "a/data"
SHARD_BYTES = 1 << 30


@dataclass
class CountingStorage:
    """A storage that counts the requests to it."""

    inner: Storage
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def location(self) -> str:
        return self.inner.location

    @property
    def is_remote(self) -> bool:
        return self.inner.is_remote

    @property
    def can_list(self) -> bool:
        return self.inner.can_list

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self.counts["listings"] += 1
        for item in self.inner.list(prefix):
            self.counts["objects listed"] += 1
            yield item

    def list_folders(self, prefix: str) -> Sequence[str]:
        self.counts["listings of folders"] += 1
        return self.inner.list_folders(prefix)

    def stat(self, name: str) -> StoredObject | None:
        self.counts["objects asked for"] += 1
        return self.inner.stat(name)

    def read(self, name: str, witness: str | None = None) -> bytes:
        raw = self.inner.read(name, witness)
        self._note(name, len(raw))
        return raw

    def read_if_changed(self, name: str, witness: str | None) -> tuple[str, bytes] | None:
        found = self.inner.read_if_changed(name, witness)
        self._note(name, 0 if found is None else len(found[1]))
        return found

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        file = self.inner.open(name, witness, md5)
        self._note(name, file.seek(0, 2))
        file.seek(0)
        return file

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        raw = self.inner.read_range(name, start, stop, witness)
        self._note(name, len(raw))
        return raw

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        return self.inner.skipped(prefix)

    def open_digested(self, name: str, witness: str) -> Digested:
        found = self.inner.open_digested(name, witness)
        self._note(name, found.size)
        return found

    def _note(self, name: str, n_bytes: int) -> None:
        kind = "of runs" if "/runs/" in name and name.count("/") > 4 else "of indexes"
        self.counts[f"objects read {kind}"] += 1
        self.counts[f"bytes read {kind}"] += n_bytes


def main() -> None:
    """Print the CPU time and the requests of both runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmarks", nargs="+", default=["lite", "mmlu", "classic"], help="HELM projects")
    parser.add_argument("--processes", type=int, default=1, help="number of worker processes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hub = FolderHub(Path(folder), lambda: datetime.now(UTC))
        for what in ("everything is new", "nothing is new"):
            storage = CountingStorage(open_corpus(options.corpus))
            before, commit = cpu_seconds(), hub.snapshot(REPO).commit
            n_shards = refresh(storage, hub, options.benchmarks, options.processes)
            is_moved = hub.snapshot(REPO).commit != commit
            show(f"{what}: {cpu_seconds() - before:.2f} s CPU time, {n_shards} shards built, committed: {is_moved}")
            show("  " + ", ".join(f"{count} {name}" for name, count in sorted(storage.counts.items())))


def refresh(storage: Storage, hub: FolderHub, benchmarks: Sequence[str], n_processes: int) -> int:
    """Discover and ingest what is new, and return the number of shards that were built."""
    return ingest(storage, hub, discover(storage, hub, benchmarks), n_processes)


def discover(storage: Storage, hub: FolderHub, benchmarks: Sequence[str]) -> list[Discovered]:
    """Discover the benchmarks, and commit their catalogs."""
    return Discoverer(HelmSource(), storage, hub, REPO, SHARD_BYTES, None, str).discover(benchmarks)


def ingest(storage: Storage, hub: FolderHub, known: Sequence[Discovered], n_processes: int) -> int:
    """Ingest what is new, and return the number of shards that were built."""
    source, n_shards = HelmSource(), 0
    for found in known:
        head = hub.snapshot(REPO)
        keys = [shard.key for shard in to_do(shards_of(found.catalog, found.folder, head, source.data_version))]
        if keys:
            Ingestor(source, storage, hub, REPO, str, n_processes=n_processes).ingest(found.folder, keys)
        n_shards += len(keys)
    return n_shards


if __name__ == "__main__":
    main()
