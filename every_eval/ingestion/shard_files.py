"""A shard's files: its runs read one after the other, their rows written as they come."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.catalog import State
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.parquet import TableWriter, read_table
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import SHARD_TABLES, published_shards, shard_path
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Snapshot
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.garbage import uncollected
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.progress import Progress
from every_eval.ingestion.shards import fingerprint
from every_eval.ingestion.workers.reading import Reading, RunsRows
from every_eval.sources.source import Reject, Run

N_PREVIEW = 5


@dataclass
class ShardFiles:
    """A shard's files on the local disk, by table; a shard without rejects has no file of them."""

    shard: Shard
    """As it was planned."""
    entries: list[Entry] = field(default_factory=list)
    """The shard's, with size and MD5 of every input that was read."""
    fingerprint: str = ""
    """Of those."""
    paths: dict[str, Path] = field(default_factory=dict)
    n_rows: dict[str, int] = field(default_factory=dict)
    previews: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The first rows of each table, for people."""
    disagreements: list[Mapping[str, Any]] = field(default_factory=list)
    """Of all runs: see `RunRows`."""
    seconds: float = 0.0
    """That it took to make them."""


@dataclass(frozen=True)
class ShardMaker:
    """Makes the files of shards in a local folder."""

    reading: Reading
    snapshot: Snapshot | None
    """What is published, for the rows of withdrawn runs; null where none is withdrawn."""
    workdir: Path
    report: Callable[[str], object]

    def make(self, shard: Shard) -> ShardFiles:
        """Read every run of the shard and write its rows.

        Raises:
            UpstreamUnavailable: an object could not be read as it was listed.
            ContractViolation: rows break the contract of their table.
        """
        made, started = ShardFiles(shard), time.monotonic()
        progress = Progress(self.report, shard.key, len(shard.entries), shard.n_bytes)
        with uncollected(), ExitStack() as stack:
            writers = {
                contract.name: stack.enter_context(TableWriter(contract, self.workdir / f"{shard.key}_{contract.name}"))
                for contract in SHARD_TABLES
            }
            read = self.reading.rows(shard.runs)
            stack.callback(read.close)
            for entry in shard.entries:
                for name, rows in self._rows(made, entry, read):
                    writers[name].write(rows)
                    _preview(made, name, rows)
                progress.add(entry.run.n_bytes)
        for name, writer in writers.items():
            made.n_rows[name] = writer.n_rows
            if writer.n_rows or name != REJECTS.name:
                made.paths[name] = writer.path
        made.fingerprint = fingerprint([entry.run for entry in made.entries], self.reading.source.data_version)
        made.seconds = time.monotonic() - started
        return made

    def _rows(self, made: ShardFiles, entry: Entry, read: RunsRows) -> Iterator[tuple[str, pa.Table]]:
        if entry.state is State.WITHDRAWN:
            made.entries.append(entry)
            yield from self._published_rows(made.shard, entry.run)
            return
        run, pieces = next(read)
        made.entries.append(replace(entry, run=run))
        for rows in pieces:
            yield SAMPLES.name, rows.samples
            yield METRICS.name, rows.metrics
            yield STATS.name, rows.stats
            if rows.rejects:
                yield REJECTS.name, rejects_table(entry.run, rows.rejects)
            made.disagreements += rows.disagreements

    def _published_rows(self, shard: Shard, run: Run) -> Iterator[tuple[str, pa.Table]]:
        """A withdrawn run's rows as they are published; none if it was never read."""
        assert self.snapshot is not None
        digests = published_shards(self.snapshot.files, shard.folder).get(shard.key, ())
        of_run = (pc.field("suite") == run.suite) & (pc.field("run") == run.name)
        for contract in SHARD_TABLES:
            paths = [shard_path(contract, shard.key, digest) for digest in digests[:1]]
            there = [self.snapshot.fetch(path) for path in paths if path in self.snapshot.files]
            yield contract.name, read_table(contract, there, filters=of_run)


def rejects_table(run: Run, rejects: Iterable[Reject]) -> pa.Table:
    """A run's rejects as rows of their contract."""
    rows = [
        {
            "source": run.source,
            "benchmark": run.benchmark,
            "suite": run.suite,
            "run": run.name,
            "file": reject.file,
            "place": reject.place,
            "reason": reject.reason,
            "detail": reject.detail,
        }
        for reject in rejects
    ]
    return pa.Table.from_pylist(rows, schema=REJECTS.schema)


def _preview(made: ShardFiles, table: str, rows: pa.Table) -> None:
    preview = made.previews.setdefault(table, [])
    if len(preview) < N_PREVIEW:
        preview += rows.slice(0, N_PREVIEW - len(preview)).to_pylist()
