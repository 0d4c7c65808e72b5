"""Choose the folders under the root that are benchmarks, and name what is left out."""

import logging
from collections.abc import Iterator, Sequence
from typing import Final

from every_eval.contracts.repo_layout import folder_name
from every_eval.storage.storage import Storage

logger = logging.getLogger(__name__)

_MOST_NAMED: Final = 5
"""Largest number of files that a warning names."""


def benchmark_folders(storage: Storage, source: str) -> list[str]:
    """Return the folders whose files are published: each under a name of its own.

    Raises what `Storage.list` raises.
    """
    by_key: dict[str, list[str]] = {}
    for folder in storage.list_folders(""):
        if _is_utf8(folder):
            by_key.setdefault(folder_name(source, folder).lower(), []).append(folder)
        else:
            logger.warning("The folder %s in %s was left out: rename it in UTF-8.", ascii(folder), storage.location)
    for key, folders in by_key.items():
        if len(folders) > 1:
            logger.warning(
                "The folders %s in %s were left out, because all of them would be published as %s. Rename all but one.",
                ", ".join(map(repr, folders)),
                storage.location,
                key,
            )
    _warn_of_files(storage)
    return sorted(folders[0] for folders in by_key.values() if len(folders) == 1)


def _warn_of_files(storage: Storage) -> None:
    """Name the results that lie in the root itself, where no folder names their benchmark."""
    files = sorted(_files(storage))
    if files:
        logger.warning(
            "%d files of results lie in %s itself and were left out: %s. Move them into a folder, whose name becomes "
            "the name of the benchmark.",
            len(files),
            storage.location,
            ", ".join(map(ascii, files[:_MOST_NAMED])) + (", …" if len(files) > _MOST_NAMED else ""),
        )


def _files(storage: Storage) -> Iterator[str]:
    names: Sequence[str] = [item.name for item in storage.list("")]
    return (name for name in names if "/" not in name and name.endswith((".json", ".jsonl")))


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
