"""Discovery: find the runs and releases of each benchmark, and publish them in the catalog, in a commit of its own.

Over a network, discovery fetches no input of a run, except inputs of published runs that seem to have changed.
"""

import logging
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.parquet import read_table, write_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import benchmark_path, folder_name, published_shards
from every_eval.errors import EveryEvalError, UpstreamUnavailable
from every_eval.hub.hub import Add, Change, Hub, Snapshot, publish
from every_eval.hub.work_folders import work_folder
from every_eval.ingestion.catalog import (
    Catalog,
    Digests,
    assign_shards,
    catalog_entries,
    catalog_table,
    merge,
    with_digests,
)
from every_eval.ingestion.index_files import IndexFiles, index_files_change
from every_eval.ingestion.planning import Status, shards_of
from every_eval.ingestion.run_failures import unexpected
from every_eval.ingestion.shard_index import NOT_HELD_BACK, index_change, read_index
from every_eval.ingestion.shards import check_folder_names
from every_eval.sources.source import Discovery, Source
from every_eval.storage.remembering import RememberingStorage
from every_eval.storage.storage import Storage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Discovered:
    """The catalog of one benchmark after discovery; after an error, the catalog as it was before."""

    benchmark: str
    folder: str
    """The benchmark's folder in the data repo."""
    catalog: Catalog = ()
    error: EveryEvalError | None = None
    """Why the benchmark could not be discovered."""


def read_catalog(snapshot: Snapshot, folder: str) -> Catalog:
    """Read the published catalog of a benchmark; there are no entries if the benchmark was never discovered."""
    path = benchmark_path(CATALOG, folder)
    if path not in snapshot.files:
        return ()
    return catalog_entries(read_table(CATALOG, [snapshot.fetch(path)]))


def catalog_change(folder: str, catalog: Catalog, workdir: Path) -> Add:
    """Write a benchmark's catalog in `workdir`, and return the change that publishes it."""
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
    """Name of the data repo."""
    shard_bytes: int
    """Bytes of input that a shard is filled to."""
    max_runs: int | None
    """Number of new runs of each benchmark that are assigned to shards; null: all."""
    report: Callable[[str], object]

    def discover(self, benchmarks: Sequence[str]) -> list[Discovered]:
        """Find the runs and releases of each benchmark, and commit the new catalogs.

        An error of one benchmark is returned with that benchmark, and does not stop the others.

        Raises:
            ConfigurationError: two benchmarks would share a folder.
            HubUnavailable, PublishConflict: the commit could not be made.
        """
        check_folder_names(self.source.name, benchmarks)
        head = self.hub.snapshot(self.repo)
        found = [self._find(benchmark, head) for benchmark in dict.fromkeys(benchmarks)]
        with work_folder() as folder:
            publish(self.hub, self.repo, f"Discover {self.source.name}", lambda head: self._plan(head, found, folder))
        outdated = [item.outcome.folder for item in found if item.is_outdated]
        if outdated and self.source.upgrade_notice:
            logger.warning("%s: %s", ", ".join(outdated), self.source.upgrade_notice)
        return [item.outcome for item in found]

    def _find(self, benchmark: str, head: Snapshot) -> "_Found":
        self.report(f"Looking for runs of {self.source.name}/{benchmark} in {self.storage.location}.")
        outcome = Discovered(benchmark, folder_name(self.source.name, benchmark))
        remembering = None
        if self.storage.is_remote:
            remembering = IndexFiles.published(head, outcome.folder).remembering(self.storage)
        try:
            with _named(f"{self.source.name}/{benchmark}"):
                discovery = self.source.discover(remembering or self.storage, benchmark)
        except EveryEvalError as error:
            return _Found(replace(outcome, error=error))
        self.report(f"Found {len(discovery.runs)} runs of {self.source.name}/{benchmark}.")
        for release in discovery.releases.select(["release", "problems"]).to_pylist():
            for problem in release["problems"] or ():
                self.report(f"{self.source.name}/{benchmark} {release['release']}: {problem} The column is blank.")
        return _Found(outcome, discovery, remembering)

    def _plan(self, head: Snapshot, found: Sequence["_Found"], workdir: Path) -> list[Change]:
        changes: list[Change] = []
        for item in found:
            known = read_catalog(head, item.outcome.folder)
            item.outcome = replace(item.outcome, catalog=known)
            if item.discovery is not None:
                try:
                    with _named(f"{self.source.name}/{item.outcome.benchmark}"):
                        changes += self._merge(head, item, item.discovery, workdir)
                except EveryEvalError as error:
                    item.outcome = replace(item.outcome, error=error)
        return changes

    def _merge(self, head: Snapshot, item: "_Found", discovery: Discovery, workdir: Path) -> list[Change]:
        folder, known = item.outcome.folder, item.outcome.catalog
        self._require_complete(known, discovery)
        check_folder_names(self.source.name, [*(entry.run.benchmark for entry in known), item.outcome.benchmark])
        entries = assign_shards(merge(known, discovery.runs), folder, self.shard_bytes, self.max_runs)
        catalog = with_digests(
            entries, self._shards_to_digest(entries, head, folder), self.storage, item.digests, self.report
        )
        releases = write_table(RELEASES, workdir / f"releases_{folder}.parquet", discovery.releases)
        item.outcome = replace(item.outcome, catalog=catalog, error=None)
        item.is_outdated = self._is_outdated(known, catalog, head, folder)
        return [
            catalog_change(folder, catalog, workdir),
            Add(benchmark_path(RELEASES, folder), releases),
            *self._forget_held_back(head, folder, catalog, workdir),
            *self._index_files(item, workdir),
        ]

    def _index_files(self, item: "_Found", workdir: Path) -> Iterator[Change]:
        if item.remembering is not None:
            outcome = item.outcome
            yield from index_files_change(
                self.source.name, outcome.benchmark, outcome.folder, item.remembering, workdir
            )

    def _forget_held_back(self, head: Snapshot, folder: str, catalog: Catalog, workdir: Path) -> Iterator[Change]:
        """Correct the index of shards if inputs that were held back are again as they are published."""
        unchanged = {
            shard.key
            for shard in shards_of(catalog, folder, head, self.source.data_version)
            if shard.status is Status.UNCHANGED
        }
        rows = [
            {**row, **NOT_HELD_BACK}
            for row in read_index(head, folder)
            if row["held_back_fingerprint"] is not None and row["shard"] in unchanged
        ]
        if rows:
            yield index_change(head, folder, rows, workdir)

    def _is_outdated(self, known: Catalog, catalog: Catalog, head: Snapshot, folder: str) -> bool:
        """Tell whether rows of an older data version are published, or rows under old names of their runs."""
        shards = shards_of(catalog, folder, head, self.source.data_version)
        is_renamed = not {entry.run.identity for entry in known} <= {entry.run.identity for entry in catalog}
        return is_renamed or any(shard.status is Status.OUTDATED for shard in shards)

    def _shards_to_digest(self, entries: Catalog, head: Snapshot, folder: str) -> Container[str | None]:
        """Return the shards whose inputs are read for their MD5s now.

        Over a network, inputs of new shards are not read twice: ingestion will compute their MD5s.
        """
        if self.storage.is_remote:
            return published_shards(head.files, folder)
        return {entry.shard for entry in entries} - {None}

    def _require_complete(self, known: Catalog, discovery: Discovery) -> None:
        """Raise `UpstreamUnavailable` if a known run was not found but exists: it must not be marked as withdrawn."""
        found = {run.identity for run in discovery.runs}
        missing = [entry.run for entry in known if entry.state is State.PRESENT and entry.run.identity not in found]
        for run in () if discovery.is_complete else missing:
            if any(self.storage.stat(f"{run.folder}/{item.name}") for item in run.inputs[:1]):
                raise UpstreamUnavailable(
                    f"{self.storage.location} cannot be listed, and no index names {len(missing)} known runs. At least "
                    f"one of them is still there: {run.folder}. The catalog stays as it was."
                )


@contextmanager
def _named(benchmark: str) -> Iterator[None]:
    """Turn an error that nobody foresaw into the failure of a benchmark.

    This is the one place that catches every error of discovery, so that a fault of every_eval costs one benchmark.

    Raises:
        UnexpectedFailure: the body raised an error that every_eval does not raise on purpose.
    """
    try:
        yield
    except EveryEvalError:
        raise
    except Exception as error:
        raise unexpected(benchmark, error) from error


@dataclass
class _Found:
    """What discovery knows about a benchmark while the commit is planned."""

    outcome: Discovered
    discovery: Discovery | None = None
    remembering: RememberingStorage | None = None
    """The storage with the index files that were read; null if reading them needs no network."""
    is_outdated: bool = False
    """True if rows of an older data version are published, which are made again."""
    digests: Digests = field(default_factory=dict)
    """Inputs that were read, so that a second plan of the commit does not read them again."""
