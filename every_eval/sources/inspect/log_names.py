"""Tell by their names which files are logs, and which logs another log contains.

Inspect names a log `{created}_{task}_{task id}.eval` or `.json`, with `-` for `:`, and users can choose the rest of the
name. Beside logs, a folder can hold `logs.json`, `listing.json` and `eval-set.json`, the files of the viewer, and
hidden folders with temporary files.
"""

import re
from collections.abc import Container
from typing import Final

SUPERSEDED: Final = "superseded_by"
"""Fact of a run that names the log which contains its samples; absent if there is none."""

_JSON: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d.*\.json")
_SHARD: Final = re.compile(r"(?P<merged>.+)\.shards/.+")
_SUFFIXES: Final = ("-recovered", "-scored")
"""Endings of the names of logs made from another log, in the order of their making: `inspect log recover` completes the
log of a process that was killed, and `inspect score` scores a log again."""


def is_log(path: str) -> bool:
    """Tell whether a path, from the root or from a folder below it, is that of a log."""
    folders, _, name = path.rpartition("/")
    if name.startswith(".") or any(part.startswith(".") for part in folders.split("/")):
        return False
    return name.endswith(".eval") or bool(_JSON.fullmatch(name))


def merged_log(path: str, paths: Container[str]) -> str | None:
    """Return the log that a shard at `path` was merged into, if it is one of `paths`; null if there is none."""
    match = _SHARD.fullmatch(path)
    merged = f"{match['merged']}.eval" if match else None
    return merged if merged in paths else None


def makings(path: str) -> tuple[int, ...]:
    """Return a sort key of logs of the same execution: logs made from another log come after it."""
    stem = path.rpartition(".")[0]
    return tuple(int(suffix in stem.rpartition("/")[2]) for suffix in reversed(_SUFFIXES))
