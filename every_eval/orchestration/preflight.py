"""What would stop a job, found out before it does any work, and said in words."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.hub.hub import Hub
from every_eval.storage.storage import Storage

SCORING_BYTES: Final = 256 << 20
"""Space that the daily job wants for its work files."""
INGESTION_BYTES: Final = 2 << 30
"""Space that the weekly job wants at most: its files are a fraction of what they are made from."""


def check_ingestion(hub: Hub, repo: str, shard_bytes: int) -> None:
    """Raise `ConfigurationError` where the weekly job could not publish what it makes."""
    hub.check_access(repo)
    check_space(Path(tempfile.gettempdir()), min(shard_bytes, INGESTION_BYTES))


def check_scoring(hub: Hub, data_repo: str, scores_repo: str) -> None:
    """Raise `ConfigurationError` where the daily job could not read what is published, or not publish the scores."""
    check_published(hub, data_repo)
    hub.check_access(scores_repo)
    check_space(Path(tempfile.gettempdir()), SCORING_BYTES)


def check_published(hub: Hub, repo: str) -> None:
    """Raise `ConfigurationError` if a repo that is to be read is not there."""
    if hub.snapshot(repo).commit is None:
        raise ConfigurationError(
            f"{hub.location(repo)} is not there: run weekly_data_processing first, or correct EVERY_EVAL_DATA_REPO"
        )


def check_space(folder: Path, n_bytes: int) -> None:
    """Raise `ConfigurationError` if so much does not fit into a folder for work files."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise ConfigurationError(
            f"{folder} has {free:,} bytes left and work files may take {n_bytes:,}: make room, or set TMPDIR to "
            "a folder on another disk"
        )


def check_source(name: str, storage: Storage) -> None:
    """Raise `ConfigurationError` if a source's results cannot be reached."""
    try:
        if storage.can_list:
            storage.list_folders("")
    except UpstreamUnavailable as error:
        raise ConfigurationError(
            f"{storage.location} cannot be reached: {error}; try again later, or correct EVERY_EVAL_{name.upper()}_ROOT"
        ) from error
