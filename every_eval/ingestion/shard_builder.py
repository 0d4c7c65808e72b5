"""Build the Parquet files of one shard: read its runs one after the other, and write their rows as they come."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
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
from every_eval.ingestion.gc_pause import gc_paused
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.progress import Progress
from every_eval.ingestion.shards import fingerprint
from every_eval.ingestion.workers.verified_runs import ReadRuns, VerifiedRuns
from every_eval.sources.source import Reject, Run, Source

N_PREVIEW = 5
"""Number of rows in a preview."""


@dataclass
class ShardFiles:
    """The files of one shard on the local disk, and what is known about them."""

    shard: Shard
    """The shard as it was planned."""
    entries: list[Entry] = field(default_factory=list)
    """The shard's catalog entries, with the size and MD5 of every input that was read."""
    fingerprint: str = ""
    """Fingerprint of the shard's inputs, as they were read."""
    paths: dict[str, Path] = field(default_factory=dict)
    """Path of each table's file; there is no file of rejects without rows."""
    n_rows: dict[str, int] = field(default_factory=dict)
    """Number of rows of each table."""
    previews: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """First rows of each table, for the user interface."""
    disagreements: list[Mapping[str, Any]] = field(default_factory=list)
    """Numbers of any run that the source reported otherwise than its own outputs give them."""
    duration_seconds: float = 0.0
    """Wall time to build the files, in seconds."""


@dataclass(frozen=True)
class ShardBuilder:
    """Builds the files of shards in a local folder."""

    source: Source
    read: ReadRuns
    published: Snapshot | None
    """What is published, for the rows of withdrawn runs; null if no shard has a withdrawn run."""
    workdir: Path
    report: Callable[[str], object]

    def build(self, shard: Shard) -> ShardFiles:
        """Read every run of the shard, and write the rows.

        Raises:
            UpstreamUnavailable: an input is no longer as it was listed.
            ContractViolation: rows break the contract of their table.
            UnexpectedFailure: the source failed on a run.
        """
        files, started = ShardFiles(shard), time.monotonic()
        progress = Progress(self.report, shard.key, len(shard.entries), shard.n_bytes)
        with gc_paused(), ExitStack() as stack:
            writers = {
                contract.name: stack.enter_context(TableWriter(contract, self.workdir / f"{shard.key}_{contract.name}"))
                for contract in SHARD_TABLES
            }
            runs = stack.enter_context(closing(self.read(shard.runs)))
            for entry in shard.entries:
                for name, rows in self._rows(files, entry, runs):
                    writers[name].write(rows)
                    _extend_preview(files, name, rows)
                progress.add(entry.run.n_bytes)
        for name, writer in writers.items():
            files.n_rows[name] = writer.n_rows
            if writer.n_rows or name != REJECTS.name:
                files.paths[name] = writer.path
        files.fingerprint = fingerprint([entry.run for entry in files.entries], self.source.data_version)
        files.duration_seconds = time.monotonic() - started
        return files

    def _rows(self, files: ShardFiles, entry: Entry, runs: VerifiedRuns) -> Iterator[tuple[str, pa.Table]]:
        """Yield the rows of an entry's run, with the name of their table."""
        if entry.state is State.WITHDRAWN:
            files.entries.append(entry)
            yield from self._published_rows(files.shard, entry.run)
            return
        run, pieces = next(runs)
        files.entries.append(replace(entry, run=run))
        for rows in pieces:
            yield SAMPLES.name, rows.samples
            yield METRICS.name, rows.metrics
            yield STATS.name, rows.stats
            if rows.rejects:
                yield REJECTS.name, rejects_table(entry.run, rows.rejects)
            files.disagreements += rows.disagreements

    def _published_rows(self, shard: Shard, run: Run) -> Iterator[tuple[str, pa.Table]]:
        """Yield a withdrawn run's rows as they are published; there are none if the run was never read."""
        assert self.published is not None
        fingerprints = published_shards(self.published.files, shard.folder).get(shard.key, ())
        of_run = (pc.field("suite") == run.suite) & (pc.field("run") == run.name)
        for contract in SHARD_TABLES:
            paths = [shard_path(contract, shard.key, fingerprint) for fingerprint in fingerprints[:1]]
            there = [self.published.fetch(path) for path in paths if path in self.published.files]
            yield contract.name, read_table(contract, there, filters=of_run)


def rejects_table(run: Run, rejects: Iterable[Reject]) -> pa.Table:
    """Convert the rejects of a run to rows of the contract `rejects`."""
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


def _extend_preview(files: ShardFiles, table: str, rows: pa.Table) -> None:
    preview = files.previews.setdefault(table, [])
    if len(preview) < N_PREVIEW:
        preview += rows.slice(0, N_PREVIEW - len(preview)).to_pylist()
