"""The protocol that every source of evaluation results implements, and the records that it exchanges with the jobs.

A source is a program that writes evaluation results, such as HELM. To add a source, write a class with the members of
`Source` and add it to `every_eval.sources.SOURCES`. The two jobs use these members:

- weekly: `benchmarks` names the benchmarks, `discover` finds the runs of a benchmark, and `read` turns the files of a
  run into rows.
- daily: `main_table`, `directions`, `pooled_statistics` and `published_tables` make the scores from the statistics of
  the runs, and `main_columns` tells the page which scores stand in which column.

A source knows the file layout and the formats of its program. It does not know shards, the Hub or Dagster.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final, Protocol

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import Reason
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.hub.citations import Citation
from every_eval.sources.main_columns import MainColumns
from every_eval.sources.main_table import MainTable
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval.storage.storage import Storage

TASK: Final = "task"
"""Fact of a run that holds the name of its task, if several tasks of a suite share a folder."""
ALL: Final = "all"
"""Word in the settings that stands for every benchmark of a storage."""
ASSUMED_RUN_BYTES: Final = 16 << 20
"""Assumed size of a run if the storage does not state the sizes of its files, in bytes."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input file of a run."""

    name: str
    """Path of the file within the run's folder."""
    size: int | None
    """Size in bytes; null if the storage does not state the size."""
    witness: str
    """What the storage says of the file without reading it (checksum, generation, ETag or time); a file with an
    unchanged witness is not read again."""
    md5: str | None = None
    """MD5 checksum in hexadecimal; null until the storage states the checksum or the file is read."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as discovery finds it: one model on one scenario or task, under one adaptation."""

    source: str
    """Name of the source."""
    benchmark: str
    """Name of the benchmark."""
    suite: str
    """Name of the suite: the runs that were written together."""
    name: str
    """Name of the run, unique within its suite."""
    folder: str
    """Path of the run's folder from the storage's root, without a slash at the end."""
    inputs: tuple[Input, ...] = ()
    """Files that the run's rows are made from."""
    releases: tuple[str, ...] = ()
    """Names of the releases that show the run, oldest first."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Facts from the benchmark's index that the run's rows need; a part of the shard's fingerprint."""
    problem: Reason | None = None
    """Reason why nothing of the run can be read, if discovery already knows it."""

    @property
    def identity(self) -> tuple[str, str]:
        """Suite and name, which identify the run within its benchmark and order the runs."""
        return (self.suite, self.name)

    @property
    def origin(self) -> tuple[str, str, str] | None:
        """Suite, folder and task of the run: the same run under any name; null if no fact names the task."""
        task = self.facts.get(TASK)
        return None if task is None else (self.suite, self.folder, task)

    @property
    def n_bytes(self) -> int:
        """Total size of the input files in bytes; `ASSUMED_RUN_BYTES` if a size is unknown."""
        sizes = [item.size for item in self.inputs]
        return ASSUMED_RUN_BYTES if None in sizes else sum(size or 0 for size in sizes)


@dataclass(frozen=True, slots=True)
class Discovery:
    """Runs and releases of a benchmark, as its indexes and listings state them."""

    runs: tuple[Run, ...]
    """Runs of the benchmark, sorted by identity."""
    releases: pa.Table
    """Rows of the table `releases`."""
    is_complete: bool = True
    """True if the runs are all runs that the storage has, so that a known run that is missing has been withdrawn. False
    if the storage cannot be listed: a missing run may exist without being in any index."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A file, or a part of a file, that could not be read."""

    reason: Reason
    """Kind of reason."""
    detail: str
    """Description of what was found."""
    file: str | None = None
    """Name of the file within the run's folder; null if the reject concerns the run as a whole."""
    place: str | None = None
    """Path within the file, from its root ($); null if the reject concerns the file as a whole."""


@dataclass(frozen=True, slots=True)
class RunRows:
    """Rows of a run, or of a piece of a run, by table; texts may be dictionary-encoded."""

    samples: pa.Table = field(default_factory=lambda: SAMPLES.empty)
    """Rows of the table `samples`."""
    metrics: pa.Table = field(default_factory=lambda: METRICS.empty)
    """Rows of the table `metrics`."""
    stats: pa.Table = field(default_factory=lambda: STATS.empty)
    """Rows of the table `stats`."""
    judgements: pa.Table = field(default_factory=lambda: JUDGEMENTS.empty)
    """Rows of the table `judgements`."""
    item_scores: pa.Table = field(default_factory=lambda: ITEM_SCORES.empty)
    """Rows of the table `item_scores`."""
    rejects: tuple[Reject, ...] = ()
    """Files and rows that could not be read."""
    disagreements: Sequence[Mapping[str, Any]] = ()
    """Numbers that the source reported and that its own outputs do not give: the statistic's key, and the keys `field`,
    `ours` and `reported`."""


LOOKED_AT: Final = 1000
"""Most files, or folders, of a root that are looked at before its layout counts as unknown."""


class Source(Protocol):
    """A program that writes evaluation results."""

    @property
    def name(self) -> str:
        """Name of the source in keys and file names, of the characters [a-z0-9_]."""

    @property
    def data_version(self) -> int:
        """Version of the rows that `read` makes. Raise the number if a change of the code changes published rows."""

    @property
    def upgrade_notice(self) -> str | None:
        """What the operator must do if rows of an older data version are published; null if nothing."""

    @property
    def citation(self) -> Citation | None:
        """How to cite the program, in the cards of the repos; null if its authors ask for nothing."""

    @property
    def has_sample(self) -> bool:
        """True if the project contains sample results of the source, which are read if no root is set."""

    @property
    def benchmarks_variable(self) -> str | None:
        """Environment variable that lists the benchmarks to ingest; null if there is no such variable."""

    def has_layout(self, storage: Storage, names: Sequence[str]) -> bool:
        """Tell whether a root holds the program's files. No file is opened.

        `names` are the first `LOOKED_AT` files under the root.
        """

    def public_view(self, storage: Storage) -> Storage:
        """Return the storage under names that may be published; the same storage if all its names may be."""

    def benchmarks(self, storage: Storage, stated: Sequence[str] = ()) -> Sequence[str]:
        """Return the benchmarks to ingest.

        Args:
            storage: Where the results are.
            stated: Names in the settings; `ALL` among them stands for every benchmark of the storage, and no name for
                the source's own choice.

        Raises:
            BenchmarkMissing: `stated` holds `ALL`, and the storage does not tell its benchmarks.
            UpstreamMalformed: The list of benchmarks cannot be read.
            UpstreamUnavailable: The storage did not answer all requests.
        """

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        """Find the runs and releases of a benchmark; only index files are opened.

        Raises:
            BenchmarkMissing: The storage has no files of the benchmark.
            UpstreamMalformed: An index file cannot be read.
            UpstreamUnavailable: The storage did not answer, or not completely.
        """

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        """Return a digest that changes when the benchmark's indexes change; it is cheap enough to ask every hour.

        Raises what `discover` raises.
        """

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        """Read the files of a run into rows, in pieces of bounded size.

        `open_file` opens an input file by its name; the file is seekable. Malformed input raises no error: what cannot
        be read becomes a reject.
        """

    @property
    def published_contracts(self) -> tuple[Table, ...]:
        """Contracts of the tables that the source itself publishes and that we recompute; empty for most sources."""

    def published_tables(self, release: Mapping[str, Any], stats: StatisticsFiles) -> Iterator[pa.Table]:
        """Recompute the tables that the source published for a release, in pieces.

        Each row holds our value beside the published value. `release` is a row of the table `releases`.
        """

    def disagreements(self, tables: pa.Table) -> pa.Table:
        """Return the rows of a piece of `published_tables` in which our value is not the published value."""

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        """Return for each metric of a release whether lower is better; metrics without a direction are absent.

        `release` is a row of the table `releases`.
        """

    def pooled_statistics(self, stats: StatisticsFiles) -> Mapping[StatisticKey, Sequence[PooledStatistic]]:
        """Return the statistics that others pool, whose runs have no items of their own, such as groups of tasks.

        The weighted mean of the pooled statistics is the statistic.
        """

    def main_table(self, release: Mapping[str, Any], stats: StatisticsFiles) -> MainTable | None:
        """Return the main table of a release, over the runs that the release shows; null if it has no main table.

        `release` is a row of the table `releases`.
        """

    def main_columns(self, release: Mapping[str, Any]) -> MainColumns:
        """Return the columns of a release's main table: what each is named, and which statistics it shows.

        `release` is a row of the table `releases`.
        """
