"""Discovery: what is upstream becomes what is known, in one commit of its own.

Over a network no file of a run is fetched for that, unless it was published and is another one by now, as far as the
storage says.
"""

import tempfile
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.parquet import read_table, write_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import benchmark_path, folder_name, published_shards
from every_eval.errors import EveryEvalError, UpstreamUnavailable
from every_eval.hub.hub import Add, Change, Hub, Snapshot, publish
from every_eval.ingestion.catalog import Catalog, Digests, catalog_entries, catalog_table, merge, place, with_digests
from every_eval.ingestion.shards import check_benchmarks
from every_eval.network.retries import WAITS, with_retries
from every_eval.sources.source import Discovery, Source
from every_eval.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class Discovered:
    """What discovery made of one benchmark; an error leaves everything as it was known before."""

    benchmark: str
    folder: str
    catalog: Catalog = ()
    error: EveryEvalError | None = None


def read_catalog(snapshot: Snapshot, folder: str) -> Catalog:
    """What is known of a benchmark; nothing if it was never discovered."""
    path = benchmark_path(CATALOG, folder)
    if path not in snapshot.files:
        return ()
    return catalog_entries(read_table(CATALOG, [snapshot.fetch(path)]))


def catalog_change(folder: str, catalog: Catalog, workdir: Path) -> Add:
    """A benchmark's catalog, written in `workdir`."""
    return Add(
        benchmark_path(CATALOG, folder),
        write_table(CATALOG, workdir / f"catalog_{folder}.parquet", catalog_table(catalog)),
    )


@dataclass(frozen=True)
class Discoverer:
    """Discovers the benchmarks of one source."""

    source: Source
    storage: Storage
    hub: Hub
    repo: str
    shard_bytes: int
    """Input bytes that a shard is filled to."""
    max_runs: int | None
    """New runs of a benchmark that are given a shard; null for all."""
    report: Callable[[str], object]
    waits: Sequence[float] = WAITS
    """Seconds before each further try of a benchmark whose error may pass."""

    def discover(self, benchmarks: Sequence[str]) -> list[Discovered]:
        """Find what is upstream of each benchmark, and commit what is known then.

        What goes wrong with a benchmark is told with it and does not stop the others.

        Raises:
            ConfigurationError: two benchmarks would share a folder.
            HubUnavailable, PublishConflict: the commit could not be made.
        """
        check_benchmarks(self.source.name, benchmarks)
        found = [self._find(benchmark) for benchmark in dict.fromkeys(benchmarks)]
        with tempfile.TemporaryDirectory() as folder:
            publish(
                self.hub, self.repo, f"Discover {self.source.name}", lambda head: self._plan(head, found, Path(folder))
            )
        return [item.outcome for item in found]

    def _find(self, benchmark: str) -> "_Found":
        self.report(f"{self.source.name}/{benchmark}: looking for runs in {self.storage.location}")
        outcome = Discovered(benchmark, folder_name(self.source.name, benchmark))
        try:
            discovery = with_retries(lambda: self.source.discover(self.storage, benchmark), self.report, self.waits)
        except EveryEvalError as error:
            return _Found(replace(outcome, error=error))
        self.report(f"{self.source.name}/{benchmark}: {len(discovery.runs)} runs")
        return _Found(outcome, discovery)

    def _plan(self, head: Snapshot, found: Sequence["_Found"], workdir: Path) -> list[Change]:
        changes: list[Change] = []
        for item in found:
            known = read_catalog(head, item.outcome.folder)
            item.outcome = replace(item.outcome, catalog=known)
            if item.discovery is not None:
                try:
                    changes += self._merge(head, item, item.discovery, workdir)
                except EveryEvalError as error:
                    item.outcome = replace(item.outcome, error=error)
        return changes

    def _merge(self, head: Snapshot, item: "_Found", discovery: Discovery, workdir: Path) -> list[Change]:
        folder, known = item.outcome.folder, item.outcome.catalog
        self._require_sight(known, discovery)
        check_benchmarks(self.source.name, [*(entry.run.benchmark for entry in known), item.outcome.benchmark])
        entries = place(merge(known, discovery.runs), folder, self.shard_bytes, self.max_runs)
        catalog = with_digests(entries, self._read_now(entries, head, folder), self.storage, item.digests, self.report)
        releases = write_table(RELEASES, workdir / f"releases_{folder}.parquet", discovery.releases)
        item.outcome = replace(item.outcome, catalog=catalog, error=None)
        return [catalog_change(folder, catalog, workdir), Add(benchmark_path(RELEASES, folder), releases)]

    def _read_now(self, entries: Catalog, head: Snapshot, folder: str) -> Container[str | None]:
        """The shards whose inputs are read for their MD5s now: over a network, none that will be read anyway."""
        if self.storage.is_remote:
            return published_shards(head.files, folder)
        return {entry.shard for entry in entries} - {None}

    def _require_sight(self, known: Catalog, discovery: Discovery) -> None:
        """Raise `UpstreamUnavailable` if runs that are there are not seen, so that they are not taken for withdrawn."""
        seen = {run.identity for run in discovery.runs}
        unseen = [entry.run for entry in known if entry.state is State.PRESENT and entry.run.identity not in seen]
        for run in () if discovery.is_whole else unseen:
            if any(self.storage.stat(f"{run.folder}/{item.name}") for item in run.inputs[:1]):
                raise UpstreamUnavailable(
                    f"{self.storage.location} does not list what it holds, and no index names {len(unseen)} runs that "
                    f"are known, among them {run.folder}, which is there; they are left as they are"
                )


@dataclass
class _Found:
    """A benchmark while it is being discovered."""

    outcome: Discovered
    discovery: Discovery | None = None
    digests: Digests = field(default_factory=dict)
    """What was read, so that a new plan reads nothing again."""
