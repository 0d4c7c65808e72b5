"""Choose the folders under the root that are benchmarks, and name what is left out."""

import logging

from every_eval.contracts.repo_layout import folder_name
from every_eval.sources.skipped_entries import unusable_folders
from every_eval.storage.storage import Storage

logger = logging.getLogger(__name__)


def benchmark_folders(storage: Storage, source: str) -> list[str]:
    """Return the folders whose files are published: each under a name of its own.

    A folder whose name is not UTF-8 is among them, escaped, so that it is named in the rejects.

    Raises what `Storage.list` raises.
    """
    by_key: dict[str, list[str]] = {}
    for folder in (*storage.list_folders(""), *unusable_folders(storage)):
        by_key.setdefault(folder_name(source, folder).lower(), []).append(folder)
    for key, folders in by_key.items():
        if len(folders) > 1:
            logger.warning(
                "The folders %s in %s were left out, because all of them would be published as %s. Rename all but one.",
                ", ".join(map(repr, folders)),
                storage.location,
                key,
            )
    _warn_of_links(storage)
    return sorted(folders[0] for folders in by_key.values() if len(folders) == 1)


def _warn_of_links(storage: Storage) -> None:
    """Name the links to other benchmarks, whose results would be published twice."""
    aliases = [] if storage.is_remote else [entry for entry in storage.skipped("") if entry.is_alias]
    for entry in aliases:
        logger.warning("%s in %s was left out, because %s.", entry.name, storage.location, entry.reason)
