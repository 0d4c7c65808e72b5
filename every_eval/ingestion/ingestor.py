"""Ingest a batch of shards: build their files, and publish all that could be built in one commit.

The files of a finished shard are uploaded while the next shard is built.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.errors import ConfigurationError, EveryEvalError, TerminalError
from every_eval.hub.hub import Hub, Snapshot
from every_eval.hub.work_folders import work_folder
from every_eval.ingestion.commit import HeldBack, ShardCommit, added_files
from every_eval.ingestion.damage import damage
from every_eval.ingestion.discovery import read_catalog
from every_eval.ingestion.planning import Shard, held_back_text, shards_of
from every_eval.ingestion.progress import Progress
from every_eval.ingestion.shard_builder import ShardFiles
from every_eval.ingestion.workers.shard_builds import ShardBuilds
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage

SHARD_ERRORS = (EveryEvalError, pa.ArrowException, OSError, ValueError, RecursionError)
"""Errors that bad bytes, a bad disk or a bad network cause. They fail one shard; any other error is a bug of ours."""


class ShardHeldBack(TerminalError):
    """Damaged inputs would remove published rows of the shard."""


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """What came of one shard: it was published, or there is an error."""

    shard: str
    """Key of the shard."""
    fingerprint: str | None = None
    """Fingerprint of the shard's inputs."""
    n_rows: Mapping[str, int] = field(default_factory=dict)
    """Number of rows of each table."""
    n_bytes: Mapping[str, int] = field(default_factory=dict)
    """Size of each table's file, in bytes."""
    previews: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """First rows of each table."""
    disagreements: Sequence[Mapping[str, Any]] = ()
    """Numbers that the source reported otherwise than its own outputs give them."""
    duration_seconds: float = 0.0
    """Wall time to build the shard's files, in seconds; without the commit, which shards share."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Runs that could not be read by a fault of every_eval, and keep their published rows: what happened, with the
    trace."""
    error: Exception | None = None
    """Why the shard was not published."""


@dataclass(frozen=True)
class Ingestor:
    """Builds and publishes shards of one source."""

    source: Source
    storage: Storage
    hub: Hub
    repo: str
    """Name of the data repo."""
    report: Callable[[str], object]
    n_processes: int = 1
    """Number of processes that read runs at the same time."""

    def ingest(self, folder: str, keys: Sequence[str], acknowledged: Container[str] = ()) -> list[ShardOutcome]:
        """Build shards of one benchmark, and publish in one commit those that could be built.

        A shard whose damaged inputs would remove published rows is held back, unless its key is `acknowledged`: the
        commit notes it in the index of shards, and what was published before stays.

        Raises:
            HubUnavailable, PublishConflict: the commit could not be made.
        """
        head = self.hub.snapshot(self.repo)
        known = shards_of(read_catalog(head, folder), folder, head, self.source.data_version)
        shards = {shard.key: shard for shard in known if shard.key in keys}
        outcomes = {key: ShardOutcome(key, error=_unknown(key)) for key in keys if key not in shards}
        with work_folder() as workdir:
            built = self._build(head, [shards[key] for key in keys if key in shards], workdir, outcomes)
            built.sort(key=lambda files: keys.index(files.shard.key))
            sound, held_back = _sort_out(built, head, acknowledged)
            outcomes |= {item.files.shard.key: _held_back(item) for item in held_back}
            if built:
                commit = ShardCommit(folder, sound, held_back, self.source.data_version, workdir)
                commit.publish(self.hub, self.repo)
        return [outcomes[key] for key in keys]

    def _build(
        self, head: Snapshot, shards: Sequence[Shard], workdir: Path, outcomes: dict[str, ShardOutcome]
    ) -> list[ShardFiles]:
        """Build shards, begin to upload their files, and add what came of each shard to `outcomes`."""
        built: list[ShardFiles] = []
        n_runs, n_bytes = sum(len(shard.entries) for shard in shards), sum(shard.n_bytes for shard in shards)
        progress = Progress(self.report, _batch_name(shards), n_runs, n_bytes)
        builds = ShardBuilds(self.source, self.storage, head, workdir, progress.add, self.n_processes)
        with builds.open(shards) as each, self.hub.uploading(self.repo, head) as upload:
            for n_left, (shard, build) in zip(range(len(shards) - 1, -1, -1), each, strict=True):
                try:
                    files = build()
                except SHARD_ERRORS as error:
                    outcomes[shard.key] = ShardOutcome(shard.key, shard.fingerprint, error=error)
                    continue
                built.append(files)
                outcomes[shard.key] = _published(files)
                if n_left:  # The commit, which follows at once, uploads the files of the last shard.
                    upload(added_files(files))
        return built


def _batch_name(shards: Sequence[Shard]) -> str:
    return f"{shards[0].key} and {len(shards) - 1} more" if len(shards) > 1 else "".join(shard.key for shard in shards)


def _published(files: ShardFiles) -> ShardOutcome:
    return ShardOutcome(
        files.shard.key,
        files.fingerprint,
        files.n_rows,
        {name: path.stat().st_size for name, path in files.paths.items()},
        files.previews,
        files.disagreements,
        files.duration_seconds,
        {"/".join(run): failure for run, failure in files.failures.items()},
    )


def _sort_out(
    built: Sequence[ShardFiles], head: Snapshot, acknowledged: Container[str]
) -> tuple[list[ShardFiles], list[HeldBack]]:
    """Return the shards to publish, and those to hold back."""
    damages = {files.shard.key: damage(files, head) for files in built if files.shard.key not in acknowledged}
    held_back = [HeldBack(files, reason) for files in built if (reason := damages.get(files.shard.key)) is not None]
    return [files for files in built if damages.get(files.shard.key) is None], held_back


def _held_back(item: HeldBack) -> ShardOutcome:
    return ShardOutcome(item.files.shard.key, item.files.fingerprint, error=ShardHeldBack(held_back_text(item.reason)))


def _unknown(key: str) -> EveryEvalError:
    return ConfigurationError(f"The catalog has no shard {key}. Run discovery first, or correct the shard's key.")
