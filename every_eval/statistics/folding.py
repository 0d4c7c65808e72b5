"""Folding: statistics that are new go into the state, and the rest of it stays as it is."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.parquet import TableWriter, read_table
from every_eval.contracts.state import STATE
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Snapshot
from every_eval.sources.discovery import releases_path
from every_eval.sources.shards import stats_path
from every_eval.statistics.state import Folding


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
        files = {path: self._file(path, folding.folder, shards) for path, shards in folding.files.items()}
        if folding.releases is not None:
            files[folding.releases] = self._releases(folding.releases, folding.folder)
        return files

    def _releases(self, path: str, folder: str) -> Path:
        if path in self.scores.files:
            return self.reading.fetch(self.scores, path)
        local = self._local(path)
        shutil.copyfile(self.reading.fetch(self.data, releases_path(folder)), local)
        return local

    def _file(self, path: str, folder: str, shards: Mapping[str, str]) -> Path:
        if path in self.scores.files and not self.force:
            return self.reading.fetch(self.scores, path)
        old = None if self.force else self._earlier(path)
        local = self._local(path)
        with TableWriter(STATE, local) as writer:
            for shard, fingerprint in shards.items():
                rows = old.filter(pc.field("shard") == shard) if old else None
                if rows is None or rows["fingerprint"].unique().to_pylist() != [fingerprint]:
                    rows = self._statistics(folder, shard, fingerprint)
                writer.write(rows)
        return local

    def _earlier(self, path: str) -> pa.Table | None:
        """The state file that `path` replaces."""
        prefix = path.rpartition("-")[0] + "-"
        earlier = [other for other in self.scores.files if other.startswith(prefix)]
        return read_table(STATE, [self.reading.fetch(self.scores, other) for other in earlier]) if earlier else None

    def _statistics(self, folder: str, shard: str, fingerprint: str) -> pa.Table:
        self.reading.shards.add(shard)
        stats = read_table(STATS, [self.reading.fetch(self.data, stats_path(folder, shard, fingerprint))])
        marks = [pa.repeat(pa.scalar(value), stats.num_rows) for value in (shard, fingerprint)]
        return pa.table([*marks, *stats.columns], schema=STATE.schema)

    def _local(self, path: str) -> Path:
        return self.workdir / path.replace("/", "__")
