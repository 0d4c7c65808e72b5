"""What a source is: a program that writes evaluation results, and how its runs are found and read.

A source knows its upstream's layout and formats. It does not know shards, the Hub or Dagster.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final, Protocol

import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import Reason
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.sources.main_table import MainTable
from every_eval.sources.state_files import StateFiles
from every_eval.storage.storage import Storage

UNSTATED_RUN_BYTES: Final = 16 << 20
"""Taken for a run whose size is not stated."""


@dataclass(frozen=True, slots=True)
class Input:
    """One file that a run's rows are made from."""

    name: str
    """Within the run's folder."""
    size: int | None
    """In bytes; null where the storage does not state it."""
    witness: str
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run as discovery finds it."""

    source: str
    benchmark: str
    suite: str
    name: str
    folder: str
    """From the storage's root, without a slash at its end."""
    inputs: tuple[Input, ...] = ()
    releases: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the index says of the run and its rows carry; a part of the fingerprint."""
    problem: Reason | None = None
    """Why nothing of the run can be read, known from its name alone."""

    @property
    def identity(self) -> tuple[str, str]:
        """What tells runs of one benchmark apart, and their order: (suite, name)."""
        return (self.suite, self.name)

    @property
    def n_bytes(self) -> int:
        """Size of the inputs together; an estimate where one of them is not stated."""
        sizes = [item.size for item in self.inputs]
        return UNSTATED_RUN_BYTES if None in sizes else sum(size or 0 for size in sizes)


@dataclass(frozen=True, slots=True)
class Discovery:
    """Everything that a benchmark's indexes and listings say."""

    runs: tuple[Run, ...]
    releases: pa.Table
    """Rows of the contract `releases`."""
    is_whole: bool = True
    """Whether a run that is not among them is gone; without a listing, it may only be one that no index names."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that could not be read."""

    reason: Reason
    detail: str
    file: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class RunRows:
    """A run's rows, or a piece of them: each table by its contract, texts that repeat as codes or as they are."""

    samples: pa.Table = field(default_factory=lambda: SAMPLES.empty)
    metrics: pa.Table = field(default_factory=lambda: METRICS.empty)
    stats: pa.Table = field(default_factory=lambda: STATS.empty)
    rejects: tuple[Reject, ...] = ()
    disagreements: Sequence[Mapping[str, Any]] = ()
    """Numbers that the source reported otherwise than its own outputs give them: field, ours, reported and the key."""


class Source(Protocol):
    """A program that writes evaluation results."""

    @property
    def name(self) -> str:
        """As in keys and file names: lower case, [a-z0-9_]."""

    @property
    def data_version(self) -> int:
        """Raised by hand when a change of ours changes the rows of runs already published."""

    @property
    def has_sample(self) -> bool:
        """Whether some of its results are bundled, to be read where no root is set."""

    @property
    def benchmarks_variable(self) -> str | None:
        """Name of the setting that lists the benchmarks to follow; null if there is none."""

    def benchmarks(self, storage: Storage) -> Sequence[str]:
        """The benchmarks that are followed where nothing names them.

        Raises what `Storage.list_folders` raises.
        """

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        """Find the runs and releases of one benchmark, opening indexes alone.

        Raises:
            BenchmarkMissing: the storage has nothing under that name.
            UpstreamMalformed: an index cannot be read.
            UpstreamUnavailable: the storage did not answer completely.
        """

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        """A digest that changes with the benchmark's indexes; cheap enough to be asked for every hour.

        Raises what `discover` raises.
        """

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        """Turn a run's inputs into rows, in pieces of bounded size however large the run is.

        `open_file` opens an input by its name; the file can be sought in. Bad input raises nothing: what cannot be
        read is a reject.
        """

    @property
    def published_contracts(self) -> tuple[Table, ...]:
        """The contract of the tables that the source publishes itself, and that we recompute; none for most."""

    def published_tables(self, release: Mapping[str, Any], stats: StateFiles) -> Iterator[pa.Table]:
        """A release's own tables in pieces, ours beside the published ones; differences show within a piece."""

    def disagreements(self, tables: pa.Table) -> pa.Table:
        """The rows of such tables in which ours is not what was published."""

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        """Whether lower is better, by metric, in a row of the contract `releases`; absent where neither is."""

    def main_table(self, release: Mapping[str, Any], stats: StateFiles) -> MainTable | None:
        """How models stand on a release's main table, by statistics of the runs it shows; null if it has none."""
