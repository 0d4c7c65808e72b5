"""Read the published runs one after the other: the statistics, the samples and the metrics of each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import (
    benchmark_path,
    folder_name,
    published_folders,
    published_shards,
    shard_path,
)
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.errors import ConfigurationError, ContractViolation
from every_eval.export.release_facts import ReleaseFacts
from every_eval.export.run_pieces import RunKey, RunPieces
from every_eval.readers.published import Published
from every_eval.sources import SOURCES
from every_eval.sources.source import Source

_RELEASE_COLUMNS: Final = tuple(name for name in RELEASES.schema.names if name not in ("cells", "pooled_runs"))


@dataclass(frozen=True)
class Selection:
    """Which runs are read; null for all."""

    source: str | None = None
    """Name of the source."""
    benchmark: str | None = None
    """Name of the benchmark, such as `lite`."""
    run: str | None = None
    """Name of the run, with or without the suite and a slash in front."""

    @property
    def run_names(self) -> list[str] | None:
        """Names that the run can have, since a name and a suite may hold slashes themselves; null for all runs."""
        if self.run is None:
            return None
        parts = self.run.split("/")
        return ["/".join(parts[first:]) for first in range(len(parts))]

    def takes(self, key: RunKey) -> bool:
        """Tell whether a run is among the chosen ones."""
        suite, run = key
        return self.run in (None, run, f"{suite}/{run}")

    def __str__(self) -> str:
        parts = {"source": self.source, "benchmark": self.benchmark, "run": self.run}
        return ", ".join(f"{name} {value}" for name, value in parts.items() if value) or "any source"


@dataclass(frozen=True)
class PublishedRun:
    """The published rows of one run."""

    source: Source
    suite: str
    name: str
    release: ReleaseFacts | None
    """The newest release that shows the run; null if none does."""
    stats: pa.Table
    """Rows of the table `stats`, in their order."""
    samples: pa.Table
    """Rows of the table `samples`; no rows where they are not read."""
    metrics: pa.Table
    """Rows of the table `metrics`; no rows where they are not read."""


@dataclass(frozen=True)
class PublishedRuns:
    """Reads runs of the data repo, in the order of the shards and of the rows in their files."""

    published: Published
    selection: Selection
    columns: Mapping[Table, Collection[str]]
    """Columns to read of `stats` and, if they are to be read, of `samples` and `metrics`; suite and run among them."""

    def __iter__(self) -> Iterator[PublishedRun]:
        """Yield the chosen runs.

        Raises:
            ConfigurationError: No run is chosen.
            HubUnavailable: The Hub does not answer.
            ContractViolation: A file breaks the contract of its table.
        """
        n_runs = 0
        for source in self._sources:
            for folder in self._folders(source):
                with self.published.place.explained(f"read the runs of {folder}"):
                    for run in self._runs(source, folder):
                        n_runs += 1
                        yield run
        if not n_runs:
            repo = self.published.data
            raise ConfigurationError(
                f"{repo.repo} in {repo.place.name} has no published run of {self.selection}. Check the names."
            )

    @property
    def _sources(self) -> Sequence[Source]:
        return [source for source in SOURCES if self.selection.source in (None, source.name)]

    @cached_property
    def _files(self) -> Mapping[str, str]:
        return self.published.data.files

    def _folders(self, source: Source) -> Sequence[str]:
        chosen = self.selection.benchmark
        wanted = None if chosen is None else folder_name(source.name, chosen)
        return [folder for folder in published_folders(self._files, source.name) if wanted in (None, folder)]

    def _runs(self, source: Source, folder: str) -> Iterator[PublishedRun]:
        releases = self._releases(source, folder)
        for shard, fingerprints in sorted(published_shards(self._files, folder).items()):
            tables = [table for table in (STATS, SAMPLES, METRICS) if table in self.columns]
            pieces = [self._pieces(table, shard_path(table, shard, fingerprints[0])) for table in tables]
            for key, stats in pieces[0]:
                others = [piece.take(key) for piece in pieces[1:]] or [SAMPLES.empty, METRICS.empty]
                if self.selection.takes(key):
                    yield PublishedRun(source, *key, _newest(releases, key), stats, *others)
            _check_finished(shard, pieces[1:])

    def _pieces(self, table: Table, path: str) -> RunPieces:
        names = self.columns[table]
        return RunPieces(table, self.published.place.filesystem, self._files[path], names, self.selection.run_names)

    def _releases(self, source: Source, folder: str) -> Sequence[ReleaseFacts]:
        """Return the benchmark's releases, the newest first."""
        path = benchmark_path(RELEASES, folder)
        if path not in self._files:
            return []
        rows = RunPieces(RELEASES, self.published.place.filesystem, self._files[path], _RELEASE_COLUMNS).read()
        oldest_first = sorted(rows.to_pylist(), key=lambda row: bool(row["is_newest"]))
        return [ReleaseFacts(source, row) for row in reversed(oldest_first)]


def _newest(releases: Sequence[ReleaseFacts], key: RunKey) -> ReleaseFacts | None:
    return next((release for release in releases if key in release.runs), None)


def _check_finished(shard: str, pieces: Sequence[RunPieces]) -> None:
    """Check that no rows are left over: each run's rows stand together, in the order of the statistics."""
    for piece in pieces:
        if (key := piece.next_key) is not None:
            raise ContractViolation(
                f"{piece.table.name} of {shard}: the rows of {'/'.join(key)} do not stand where the statistics have "
                "the run. Ingest the shard again."
            )
