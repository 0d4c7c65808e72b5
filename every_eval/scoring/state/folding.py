"""Folding: statistics that are new go into the state, and the rest of it stays as it is."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.distinct import distinct
from every_eval.contracts.parquet import TableWriter
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import benchmark_path, shard_path
from every_eval.contracts.scanning import scan_table
from every_eval.contracts.state import STATE
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Snapshot
from every_eval.scoring.change_detection import Folding

VERSION: Final = ("shard", "fingerprint")
PIECE: Final = 1 << 13
"""Rows that are copied at once: a row repeats its run's specification, of kilobytes."""


@dataclass
class Reading:
    """What a run has read of the Hub."""

    shards: set[str] = field(default_factory=set)
    n_bytes: int = 0

    def fetch(self, snapshot: Snapshot, path: str) -> Path:
        """Fetch a file, counting its bytes."""
        self.n_bytes += snapshot.files[path].size
        return snapshot.fetch(path)


@dataclass(frozen=True)
class Folder:
    """Brings a source's state up to what is published."""

    data: Snapshot
    scores: Snapshot
    workdir: Path
    reading: Reading
    force: bool = False
    """Read every shard's statistics, whatever is folded."""

    def fold(self, folding: Folding) -> Mapping[str, Path]:
        """The files of a benchmark's state, by their paths in the scores repo, each fetched or newly written."""
        files = {path: self._file(path, shards) for path, shards in folding.files.items()}
        if folding.releases is not None:
            files[folding.releases] = self._releases(folding.releases, folding.folder)
        return files

    def _releases(self, path: str, folder: str) -> Path:
        if path in self.scores.files:
            return self.reading.fetch(self.scores, path)
        local = self._local(path)
        shutil.copyfile(self.reading.fetch(self.data, benchmark_path(RELEASES, folder)), local)
        return local

    def is_folded(self, folding: Folding) -> bool:
        """Whether nothing of a benchmark is new, and nothing is to be read again."""
        return folding.paths <= self.scores.files.keys() and not self.force

    def _file(self, path: str, shards: Mapping[str, str]) -> Path:
        if path in self.scores.files and not self.force:
            return self.reading.fetch(self.scores, path)
        old = {} if self.force else self._earlier(path)
        local = self._local(path)
        with TableWriter(STATE, local) as writer:
            for shard, fingerprint in shards.items():
                known = old.get((shard, fingerprint))
                rows = self._statistics(shard, fingerprint) if known is None else known.pieces()
                for piece in rows:
                    writer.write(piece)
        return local

    def _earlier(self, path: str) -> "dict[tuple[str, str], _Part]":
        """Shards, by key and fingerprint, in the state file that `path` replaces."""
        prefix = path.rpartition("-")[0] + "-"
        earlier = [self.reading.fetch(self.scores, other) for other in self.scores.files if other.startswith(prefix)]
        return {shard: part for file in earlier for shard, part in _parts(file).items()}

    def _statistics(self, shard: str, fingerprint: str) -> Iterator[pa.Table]:
        self.reading.shards.add(shard)
        file = self.reading.fetch(self.data, shard_path(STATS, shard, fingerprint))
        for piece in scan_table(STATS, file, STATS.schema.names, n_rows=PIECE):
            marks = [pa.repeat(pa.scalar(value), piece.num_rows) for value in (shard, fingerprint)]
            schema = pa.schema([*(STATE.schema.field(name) for name in VERSION), *piece.schema], STATE.schema.metadata)
            yield pa.table([*marks, *piece.columns], schema=schema)

    def _local(self, path: str) -> Path:
        return self.workdir / path.replace("/", "__")


@dataclass(frozen=True)
class _Part:
    """Rows of a state file."""

    file: Path
    start: int
    stop: int

    def pieces(self) -> Iterator[pa.Table]:
        """The rows, piece by piece."""
        return scan_table(STATE, self.file, STATE.schema.names, self.start, self.stop, n_rows=PIECE)


def _parts(file: Path) -> dict[tuple[str, str], _Part]:
    """Where the rows of each version of a shard are in a state file, which holds them shard by shard."""
    parts: dict[tuple[str, str], _Part] = {}
    start = 0
    for piece in scan_table(STATE, file, VERSION):
        position, versions = distinct(piece, VERSION)
        firsts = np.flatnonzero(np.diff(position, prepend=-1))
        for first, stop in zip(firsts.tolist(), [*firsts[1:].tolist(), piece.num_rows], strict=True):
            version = versions[position[first]]
            known = parts.get(version, _Part(file, start + first, 0))
            parts[version] = replace(known, stop=start + stop)
        start += piece.num_rows
    return parts
