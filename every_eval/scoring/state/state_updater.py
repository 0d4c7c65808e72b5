"""Update the state: add statistics and item scores of new and changed shards, and keep the rows of all other shards."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.parquet import TableWriter
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import benchmark_path, shard_path, state_prefix
from every_eval.contracts.scanning import PIECE_ROWS, scan_table
from every_eval.contracts.state import ORIGIN, STATE, STATE_ITEM_SCORES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.hub.hub import Snapshot
from every_eval.scoring.change_detection import BenchmarkState
from every_eval.sources.distinct import distinct

SHARD_COLUMNS: Final = tuple(column.name for column in ORIGIN)
STATS_PIECE_ROWS: Final = 1 << 13
"""Rows of statistics that are copied at once. A row is large: it repeats the specification of its run, of kilobytes."""


@dataclass
class FetchCounter:
    """Counts what a run fetches from the Hub."""

    shards: set[str] = field(default_factory=set)
    """Keys of the shards whose statistics were fetched from the data repo."""
    n_bytes: int = 0
    """Size of all files fetched, in bytes."""

    def fetch(self, snapshot: Snapshot, path: str) -> Path:
        """Fetch a file and count its bytes."""
        self.n_bytes += snapshot.files[path].size
        return snapshot.fetch(path)


@dataclass(frozen=True)
class _Kept:
    """A table of shards whose rows the state keeps."""

    of_shards: Table
    of_state: Table
    n_rows: int
    """Rows that are copied at once."""


@dataclass(frozen=True)
class StateUpdater:
    """Makes the state files that hold the statistics and the item scores of the published shards."""

    data: Snapshot
    scores: Snapshot
    workdir: Path
    """Folder for the new files."""
    fetched: FetchCounter
    force: bool = False
    """Whether to read the statistics of every shard again, also those that the state holds."""

    def update(self, benchmark: BenchmarkState) -> Mapping[str, Path]:
        """Return the local files of a benchmark's statistics and releases, by path: fetched, or newly written."""
        kept = _Kept(STATS, STATE, STATS_PIECE_ROWS)
        files = {path: self._file(path, shards, kept) for path, shards in benchmark.files.items()}
        if benchmark.releases is not None:
            files[benchmark.releases] = self._releases(benchmark.releases, benchmark.folder)
        return files

    def update_item_scores(self, benchmark: BenchmarkState) -> Mapping[str, Path]:
        """Return the local files of a benchmark's item scores, by path: fetched, or newly written."""
        kept = _Kept(ITEM_SCORES, STATE_ITEM_SCORES, PIECE_ROWS)
        return {path: self._file(path, shards, kept) for path, shards in benchmark.item_files.items()}

    def is_current(self, benchmark: BenchmarkState) -> bool:
        """Tell whether the published state of a benchmark can stay as it is."""
        return benchmark.paths <= self.scores.files.keys() and not self.force

    def _releases(self, path: str, folder: str) -> Path:
        if path in self.scores.files:
            return self.fetched.fetch(self.scores, path)
        local = self._local(path)
        shutil.copyfile(self.fetched.fetch(self.data, benchmark_path(RELEASES, folder)), local)
        return local

    def _file(self, path: str, shards: Mapping[str, str], kept: _Kept) -> Path:
        if path in self.scores.files and not self.force:
            return self.fetched.fetch(self.scores, path)
        earlier = {} if self.force else self._earlier_rows(path, kept)
        local = self._local(path)
        with TableWriter(kept.of_state, local) as writer:
            for shard, fingerprint in shards.items():
                known = earlier.get((shard, fingerprint))
                for piece in self._shard_rows(shard, fingerprint, kept) if known is None else known.pieces():
                    writer.write(piece)
        return local

    def _earlier_rows(self, path: str, kept: _Kept) -> "dict[tuple[str, str], _RowRange]":
        """Return where the file that `path` replaces has the rows of each shard, by key and fingerprint."""
        prefix = state_prefix(path)
        files = [self.fetched.fetch(self.scores, other) for other in self.scores.files if other.startswith(prefix)]
        return {shard: rows for file in files for shard, rows in _row_ranges(file, kept).items()}

    def _shard_rows(self, shard: str, fingerprint: str, kept: _Kept) -> Iterator[pa.Table]:
        self.fetched.shards.add(shard)
        file = self.fetched.fetch(self.data, shard_path(kept.of_shards, shard, fingerprint))
        for piece in scan_table(kept.of_shards, file, kept.of_shards.schema.names, n_rows=kept.n_rows):
            origin = [pa.repeat(pa.scalar(value), piece.num_rows) for value in (shard, fingerprint)]
            fields = [*(kept.of_state.schema.field(name) for name in SHARD_COLUMNS), *piece.schema]
            yield pa.table([*origin, *piece.columns], schema=pa.schema(fields, kept.of_state.schema.metadata))

    def _local(self, path: str) -> Path:
        return self.workdir / path.replace("/", "__")


@dataclass(frozen=True)
class _RowRange:
    """The rows from `start` up to, not including, `stop` of a state file."""

    file: Path
    start: int
    stop: int
    kept: _Kept

    def pieces(self) -> Iterator[pa.Table]:
        """Yield the rows piece by piece."""
        table = self.kept.of_state
        return scan_table(table, self.file, table.schema.names, self.start, self.stop, n_rows=self.kept.n_rows)


def _row_ranges(file: Path, kept: _Kept) -> dict[tuple[str, str], _RowRange]:
    """Return the rows of each shard in a state file, which holds its rows shard by shard."""
    ranges: dict[tuple[str, str], _RowRange] = {}
    start = 0
    for piece in scan_table(kept.of_state, file, SHARD_COLUMNS):
        position, shards = distinct(piece, SHARD_COLUMNS)
        firsts = np.flatnonzero(np.diff(position, prepend=-1))
        for first, stop in zip(firsts.tolist(), [*firsts[1:].tolist(), piece.num_rows], strict=True):
            shard = shards[position[first]]
            known = ranges.get(shard, _RowRange(file, start + first, 0, kept))
            ranges[shard] = replace(known, stop=start + stop)
        start += piece.num_rows
    return ranges
