"""Names that a Hub accepts, whatever holds it: nothing can leave a repo or reach into what keeps it."""

import re
from collections.abc import Iterable, Sequence

from every_eval.errors import ConfigurationError, ContractViolation
from every_eval.hub.hub import Change

HIDDEN = ".every_eval"
"""The folder of a repo in which a folder Hub keeps what it needs."""

_REPO = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}")
_SEGMENT_BYTES = 255
_PATH_BYTES = 1024


def check_repo(repo: str) -> None:
    """Raise `ConfigurationError` unless `repo` is `owner/name` in characters that the Hub allows."""
    if not _REPO.fullmatch(repo) or ".." in repo:
        raise ConfigurationError(
            f"{repo!r} does not name a repo: write owner/name, each of letters, digits, '_', '-' and '.'"
        )


def check_changes(changes: Sequence[Change]) -> None:
    """Raise `ContractViolation` if a path is not a plain relative one, or is changed twice."""
    paths = [change.path for change in changes]
    for path in paths:
        check_path(path)
    if len(set(paths)) < len(paths):
        doubled = sorted({path for path in paths if paths.count(path) > 1})
        raise ContractViolation(f"one commit changes a path more than once: {', '.join(doubled)}")


def check_path(path: str) -> None:
    """Raise `ContractViolation` unless `path` is relative, with forward slashes, and leads to a place in its repo."""
    if reason := _fault(path):
        raise ContractViolation(f"{path!r} is not a path of a file in a repo: {reason}")


def check_tree(paths: Iterable[str]) -> None:
    """Raise `ContractViolation` if one of `paths` is both a file and a folder of another."""
    files = set(paths)
    folders = {folder for path in files for folder in ancestors(path)}
    if both := sorted(files & folders):
        raise ContractViolation(f"both a file and a folder: {', '.join(both)}")


def ancestors(path: str) -> list[str]:
    """The folders that `path` lies in, the innermost first, the repo itself left out."""
    segments = path.split("/")
    return ["/".join(segments[:depth]) for depth in range(len(segments) - 1, 0, -1)]


def is_ours(path: str) -> bool:
    """Whether no name in `path` begins with a dot: those are left to other programs, like git and the Hub itself."""
    return not any(segment.startswith(".") for segment in path.split("/"))


def _fault(path: str) -> str | None:
    if not path.isprintable() or "\\" in path:
        return "it has a backslash or a character that cannot be printed"
    if "" in path.split("/"):
        return "it is absolute, or has a segment that is empty"
    if not is_ours(path):
        return "names that begin with a dot are reserved"
    if len(path.encode()) > _PATH_BYTES or any(len(segment.encode()) > _SEGMENT_BYTES for segment in path.split("/")):
        return f"it is longer than {_PATH_BYTES} bytes, or a segment of it than {_SEGMENT_BYTES}"
    return None
