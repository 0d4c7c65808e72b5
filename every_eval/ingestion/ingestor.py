"""Ingestion: a batch of shards becomes one commit, whatever becomes of single shards.

Files of a shard are on their way to the Hub while the next shard is made. The MD5s of inputs that nobody had stated are
noted in the catalog by the same commit.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import SHARD_TABLES, published_shards, shard_path
from every_eval.contracts.stats import STATS
from every_eval.errors import ConfigurationError, EveryEvalError
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.ingestion.catalog import Catalog, filled
from every_eval.ingestion.discovery import catalog_change, read_catalog
from every_eval.ingestion.planning import Shard, shards_of
from every_eval.ingestion.shard_files import ShardFiles, ShardMaker
from every_eval.ingestion.shard_index import index_change
from every_eval.ingestion.workers.making import making
from every_eval.ingestion.workers.reading import reading
from every_eval.network.retries import WAITS, with_retries
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage

SHARD_ERRORS = (EveryEvalError, pa.ArrowException, OSError, ValueError, RecursionError)
"""What bad bytes, a bad disk or a bad network raise: it concerns one shard. Anything else is a mistake of ours."""


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """What became of one shard; it is published unless there is an error."""

    shard: str
    fingerprint: str | None = None
    n_rows: Mapping[str, int] = field(default_factory=dict)
    """Rows of each table."""
    n_bytes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of each table's file."""
    previews: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    disagreements: Sequence[Mapping[str, Any]] = ()
    """Numbers that the source reported otherwise than its own outputs give them."""
    duration_seconds: float = 0.0
    """To make its files, without the commit that it shares with others."""
    error: Exception | None = None


@dataclass(frozen=True)
class Ingestor:
    """Makes and publishes shards of one source."""

    source: Source
    storage: Storage
    hub: Hub
    repo: str
    report: Callable[[str], object]
    waits: Sequence[float] = WAITS
    """Seconds before each further try of a shard whose error may pass."""
    n_processes: int = 1
    """Processes that read runs at a time."""

    def ingest(self, folder: str, keys: Sequence[str]) -> list[ShardOutcome]:
        """Make shards of one benchmark and commit those that could be made.

        Raises:
            HubUnavailable, PublishConflict: the commit could not be made.
        """
        head = self.hub.snapshot(self.repo)
        shards = {shard.key: shard for shard in self._shards(head, folder, read_catalog(head, folder))}
        outcomes = {key: ShardOutcome(key, error=_unknown(key)) for key in keys if key not in shards}
        n_bytes = sum(shards[key].n_bytes for key in keys if key in shards)
        with (
            tempfile.TemporaryDirectory() as workdir,
            reading(self.source, self.storage, self.n_processes, n_bytes) as reader,
        ):
            maker = ShardMaker(reader, head, Path(workdir), self.report)
            made: list[ShardFiles] = []
            known = [shards[key] for key in keys if key in shards]
            with self.hub.uploading(self.repo, head) as upload:
                for shard, make in making(maker, known):
                    try:
                        made.append(with_retries(make, self.report, self.waits))
                    except SHARD_ERRORS as error:
                        outcomes[shard.key] = ShardOutcome(shard.key, shard.fingerprint, error=error)
                        continue
                    outcomes[shard.key] = _outcome(made[-1])
                    if len(outcomes) < len(keys):  # After the last comes the commit, which takes it along.
                        upload(_added(made[-1]))
            made.sort(key=lambda files: keys.index(files.shard.key))
            if made:
                title = f"Publish {made[0].shard.key}" + (f" and {len(made) - 1} more" if len(made) > 1 else "")
                publish(self.hub, self.repo, title, lambda head: self._plan(head, folder, made, Path(workdir)))
        return [outcomes[key] for key in keys]

    def _shards(self, head: Snapshot, folder: str, catalog: Catalog) -> Sequence[Shard]:
        return shards_of(catalog, folder, head.files, self.source.data_version)

    def _plan(self, head: Snapshot, folder: str, made: Sequence[ShardFiles], workdir: Path) -> list[Change]:
        """The files of every shard that is still wanted as it was made, in place of what is published of it.

        What was learnt of inputs as they were read goes into the catalog with them.
        """
        known = read_catalog(head, folder)
        catalog = filled(known, [entry for files in made for entry in files.entries])
        wanted = {shard.key: shard.fingerprint for shard in self._shards(head, folder, catalog)}
        published = published_shards(head.files, folder)
        current = [files for files in made if wanted.get(files.shard.key) == files.fingerprint]
        changes = [change for files in current for change in _replacement(files, published.get(files.shard.key, ()))]
        if current and catalog != known:
            changes.append(catalog_change(folder, catalog, workdir))
        return [*changes, index_change(head, folder, current, workdir)] if current else []


def _replacement(files: ShardFiles, digests: Sequence[str]) -> list[Change]:
    shard = files.shard
    stale = [shard_path(STATS, shard.key, digest) for digest in digests if digest != files.fingerprint]
    if REJECTS.name not in files.paths:
        stale.append(shard_path(REJECTS, shard.key, files.fingerprint))
    return [*_added(files), *map(Delete, stale)]


def _added(files: ShardFiles) -> list[Add]:
    shard = files.shard
    tables = {table.name: table for table in SHARD_TABLES}
    return [Add(shard_path(tables[name], shard.key, files.fingerprint), path) for name, path in files.paths.items()]


def _outcome(files: ShardFiles) -> ShardOutcome:
    sizes = {name: path.stat().st_size for name, path in files.paths.items()}
    return ShardOutcome(
        files.shard.key, files.fingerprint, files.n_rows, sizes, files.previews, files.disagreements, files.seconds
    )


def _unknown(key: str) -> EveryEvalError:
    return ConfigurationError(f"{key} is no shard that the catalog knows; discover first")
