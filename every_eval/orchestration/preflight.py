"""Checks before a job starts: can it reach its source, write to its repos, and store its work files?"""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from every_eval.errors import ConfigurationError
from every_eval.hub.hub import Hub
from every_eval.storage.storage import Storage

SCORING_BYTES: Final = 256 << 20
"""Free disk space that the daily job needs for its work files, in bytes."""
INGESTION_BYTES: Final = 2 << 30
"""Most free disk space that the weekly job needs, in bytes: its files are a fraction of their inputs."""


def check_ingestion(hub: Hub, repo: str, shard_bytes: int) -> None:
    """Raise `ConfigurationError` if the weekly job could not publish what it makes."""
    hub.check_access(repo)
    check_space(Path(tempfile.gettempdir()), min(shard_bytes, INGESTION_BYTES))


def check_scoring(hub: Hub, data_repo: str, scores_repo: str) -> None:
    """Raise `ConfigurationError` if the daily job could not read the data repo, or not publish the scores."""
    check_published(hub, data_repo)
    hub.check_access(scores_repo)
    check_space(Path(tempfile.gettempdir()), SCORING_BYTES)


def check_published(hub: Hub, repo: str) -> None:
    """Raise `ConfigurationError` if a repo that the job reads does not exist."""
    if hub.snapshot(repo).commit is None:
        raise ConfigurationError(
            f"{hub.location(repo)} does not exist: run weekly_data_processing first, or correct EVERY_EVAL_DATA_REPO"
        )


def check_space(folder: Path, n_bytes: int) -> None:
    """Raise `ConfigurationError` if the disk of a folder for work files has fewer free bytes."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise ConfigurationError(
            f"the disk of {folder} has {free:,} bytes left, and work files may take {n_bytes:,}: free some space, or "
            "set TMPDIR to a folder on another disk"
        )


def check_source(storage: Storage) -> None:
    """Raise `UpstreamUnavailable` or `ConfigurationError` if the storage of a source does not answer."""
    if storage.can_list:
        storage.list_folders("")
