"""Build the Parquet files of one shard: read its runs one after the other, and write their rows as they come."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.catalog import State
from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.parquet import TableWriter, read_table
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import OPTIONAL_TABLES, SHARD_TABLES, published_shards, shard_path
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.errors import ContractViolation
from every_eval.hub.hub import Snapshot
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.gc_pause import gc_paused
from every_eval.ingestion.planning import Shard, Status
from every_eval.ingestion.run_failures import RunFailed
from every_eval.ingestion.run_records import RunCounts, RunKey, RunRecord
from every_eval.ingestion.shards import fingerprint, inputs_digest, made_from
from every_eval.ingestion.workers.arrow_files import write_arrow_files
from every_eval.ingestion.workers.verified_runs import ReadRuns, run_label
from every_eval.network.unexpected import program_version
from every_eval.sources.source import Reject, Run, RunRows, Source

N_PREVIEW = 5
"""Number of rows in a preview."""
MAX_FAILURE: Final = 500
"""Number of characters of a failure that the index of shards holds."""

Writers = Mapping[str, TableWriter]
"""Writers by the name of their table."""


@dataclass
class ShardFiles:
    """The files of one shard on the local disk, and what is known about them."""

    shard: Shard
    """The shard as it was planned."""
    entries: list[Entry] = field(default_factory=list)
    """The shard's catalog entries, with the size and MD5 of every input that was read."""
    fingerprint: str = ""
    """Fingerprint of what the rows are made from."""
    records: list[RunRecord] = field(default_factory=list)
    """What the rows of each run are made from, and how many there are."""
    paths: dict[str, Path] = field(default_factory=dict)
    """Path of each table's file; an optional table without rows has no file."""
    n_rows: dict[str, int] = field(default_factory=dict)
    """Number of rows of each table."""
    previews: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """First rows of each table, for the user interface."""
    disagreements: list[Mapping[str, Any]] = field(default_factory=list)
    """Numbers of any run that the source reported otherwise than its own outputs give them."""
    failures: dict[RunKey, str] = field(default_factory=dict)
    """Runs that could not be read by a fault of every_eval: what happened, with the trace."""
    duration_seconds: float = 0.0
    """Wall time to build the files, in seconds."""

    @property
    def keeps_rows(self) -> bool:
        """Whether rows were copied from the published files."""
        return len(self.shard.runs) < len(self.entries) or bool(self.failures)


@dataclass(frozen=True)
class ShardBuilder:
    """Builds the files of shards in a local folder."""

    source: Source
    read: ReadRuns
    published: Snapshot | None
    """What is published, for the rows that stay; null where it cannot be read: then the failure of a run is raised."""
    workdir: Path
    report: Callable[[int], object]
    """Takes the size, in bytes, of each run that is done."""

    def build(self, shard: Shard) -> ShardFiles:
        """Read every run of the shard, and write the rows.

        A run that fails by a fault of every_eval keeps its published rows. Such a failure is rare, and rows of the run
        may have been written before: so the shard is built again, and each run is read to its end before any of its
        rows is written.

        Raises:
            UpstreamUnavailable: an input is no longer as it was listed.
            RunFailed: the source failed on a run, and `published` is null.
        """
        started = time.monotonic()
        with gc_paused():
            try:
                files = self._build(shard, is_careful=False)
            except RunFailed:
                if self.published is None:
                    raise
                files = self._build(shard, is_careful=True)
        files.duration_seconds = time.monotonic() - started
        return files

    def _build(self, shard: Shard, *, is_careful: bool) -> ShardFiles:
        files = ShardFiles(shard)
        with ExitStack() as stack:
            writers = {
                contract.name: stack.enter_context(TableWriter(contract, self.workdir / f"{shard.key}_{contract.name}"))
                for contract in SHARD_TABLES
            }
            runs = stack.enter_context(closing(self.read(() if is_careful else shard.runs)))
            for entry in shard.entries:
                if not shard.is_read(entry):
                    self._keep(files, entry, writers)
                elif is_careful:
                    self._read_carefully(files, entry, writers)
                else:
                    self._write_read(files, entry, *next(runs), writers)
                self.report(entry.run.n_bytes)
        for name, writer in writers.items():
            files.n_rows[name] = writer.n_rows
            if writer.n_rows or writer.contract not in OPTIONAL_TABLES:
                files.paths[name] = writer.path
        files.fingerprint = fingerprint((record.made_from for record in files.records), self.source.data_version)
        return files

    def _write_read(
        self, files: ShardFiles, entry: Entry, run: Run, pieces: Iterable[RunRows], writers: Writers
    ) -> None:
        """Write the rows of a run that is read now.

        Raises:
            RunFailed: the rows break the contract of their table.
        """
        counts = RunCounts()
        for piece in pieces:
            try:
                _write(files, counts, _tables(entry.run, piece), writers)
            except ContractViolation as error:
                raise RunFailed(f"{run_label(run)}: {error}", run.identity) from error
            files.disagreements += piece.disagreements
            counts.n_disagreements += len(piece.disagreements)
        files.entries.append(replace(entry, run=run))
        files.records.append(RunRecord(*made_from(run), **counts.columns()))

    def _read_carefully(self, files: ShardFiles, entry: Entry, writers: Writers) -> None:
        """Read a run to its end, and write its rows; if that fails, write the published rows of the run."""
        try:
            with closing(self.read([entry.run])) as runs:
                run, pieces = next(runs)
                entry = replace(entry, run=run)
                rows = write_arrow_files(_validated(run, pieces), self.workdir / f"{files.shard.key}_run")
        except RunFailed as error:
            files.failures[error.run] = str(error)
            self._keep(files, entry, writers, failure=str(error).partition("\n")[0][:MAX_FAILURE])
        else:
            self._write_read(files, entry, entry.run, rows.pieces(), writers)

    def _keep(self, files: ShardFiles, entry: Entry, writers: Writers, failure: str | None = None) -> None:
        """Write the rows of a run as they are published; there are none if the run was never read."""
        shard, run, counts = files.shard, entry.run, RunCounts()
        record = shard.records.get(run.identity, RunRecord(*run.identity))
        if shard.status is Status.INCOMPLETE:
            record = replace(record, inputs=None)  # not all of its rows are left, so it is read if it returns
        if shard.status is Status.RELABELLED and entry.state is not State.WITHDRAWN:
            record = replace(record, releases=run.releases)
        for name, rows in self._published_rows(shard, run):
            relabelled = _with_releases(rows, record.releases) if name == SAMPLES.name else rows
            _write(files, counts, [(name, relabelled)], writers)
        files.disagreements += [item for item in shard.disagreements if (item["suite"], item["run"]) == run.identity]
        counts.n_disagreements = record.n_disagreements or 0
        record = replace(record, **counts.columns(), failure=failure, failed_inputs=None, failed_version=None)
        if failure is not None:
            record = replace(record, failed_inputs=inputs_digest(run), failed_version=program_version())
        files.entries.append(entry)
        files.records.append(record)

    def _published_rows(self, shard: Shard, run: Run) -> Iterator[tuple[str, pa.Table]]:
        assert self.published is not None
        fingerprints = published_shards(self.published.files, shard.folder).get(shard.key, ())
        of_run = (pc.field("suite") == run.suite) & (pc.field("run") == run.name)
        for contract in SHARD_TABLES:
            paths = [shard_path(contract, shard.key, fingerprint) for fingerprint in fingerprints[:1]]
            there = [self.published.fetch(path) for path in paths if path in self.published.files]
            yield contract.name, read_table(contract, there, filters=of_run)


def _tables(run: Run, rows: RunRows) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of a piece with the name of their table."""
    yield SAMPLES.name, rows.samples
    yield METRICS.name, rows.metrics
    yield STATS.name, rows.stats
    yield ITEM_SCORES.name, rows.item_scores
    yield JUDGEMENTS.name, rows.judgements
    if rows.rejects:
        yield REJECTS.name, rejects_table(run, rows.rejects)


def _validated(run: Run, pieces: Iterable[RunRows]) -> Iterator[RunRows]:
    """Yield pieces that keep the contracts.

    Raises:
        RunFailed: the rows break the contract of their table.
    """
    contracts = {contract.name: contract for contract in SHARD_TABLES}
    for piece in pieces:
        try:
            for name, rows in _tables(run, piece):
                contracts[name].validate(rows)
        except ContractViolation as error:
            raise RunFailed(f"{run_label(run)}: {error}", run.identity) from error
        yield piece


def _write(files: ShardFiles, counts: RunCounts, tables: Iterable[tuple[str, pa.Table]], writers: Writers) -> None:
    for name, rows in tables:
        writers[name].write(rows)
        counts.add(name, rows)
        _extend_preview(files, name, rows)


def _with_releases(samples: pa.Table, releases: Sequence[str]) -> pa.Table:
    place = samples.schema.get_field_index("releases")
    column = samples.schema.field(place)
    return samples.set_column(place, column, pa.array([list(releases)] * samples.num_rows, column.type))


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
