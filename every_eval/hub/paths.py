"""Checks of the names of repos and files, so that no path leaves its repo or reaches a hidden folder."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from every_eval.errors import ConfigurationError, ContractViolation
from every_eval.hub.hub import Change

HIDDEN = ".every_eval"
"""Name of the folder in a repo in which a folder Hub keeps manifests and contents."""

SPACES: Final = "spaces/"
"""First part of the name of a repo that is a Space."""

_REPO = re.compile(r"(?:spaces/)?[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}")
_SEGMENT_BYTES = 255
_PATH_BYTES = 1024


def check_repo(repo: str) -> None:
    """Raise `ConfigurationError` unless `repo` is `owner/name`, or `spaces/owner/name`, in characters of the Hub."""
    if not _REPO.fullmatch(repo) or ".." in repo:
        raise ConfigurationError(
            f"{repo!r} does not name a repo. Write owner/name, each of letters, digits, '_', '-' and '.'."
        )


def repo_type(repo: str) -> Literal["dataset", "space"]:
    """Return the type of a repo, as the Hub's client calls it."""
    return "space" if repo.startswith(SPACES) else "dataset"


def repo_id(repo: str) -> str:
    """Return the owner and the name of a repo."""
    return repo.removeprefix(SPACES)


def check_changes(changes: Sequence[Change]) -> None:
    """Raise `ContractViolation` if a path is not a plain relative path, or if two changes have the same path."""
    paths = [change.path for change in changes]
    for path in paths:
        check_path(path)
    if len(set(paths)) < len(paths):
        doubled = sorted({path for path in paths if paths.count(path) > 1})
        raise ContractViolation(f"A commit changes a path more than once: {', '.join(doubled)}.")


def check_path(path: str) -> None:
    """Raise `ContractViolation` unless `path` is relative, has forward slashes, and stays within its repo."""
    if reason := _fault(path):
        raise ContractViolation(f"{path!r} is not a path of a file in a repo: {reason}.")


def check_tree(paths: Iterable[str]) -> None:
    """Raise `ContractViolation` if one of `paths` is also a folder of another path."""
    files = set(paths)
    folders = {folder for path in files for folder in ancestors(path)}
    if both := sorted(files & folders):
        raise ContractViolation(f"A commit would make a path both a file and a folder: {', '.join(both)}.")


def ancestors(path: str) -> list[str]:
    """Return the folders that contain `path`, the innermost first, without the repo itself."""
    segments = path.split("/")
    return ["/".join(segments[:depth]) for depth in range(len(segments) - 1, 0, -1)]


def is_ours(path: str) -> bool:
    """Return whether no name in `path` begins with a dot; such names belong to git, the Hub and other programs."""
    return not any(segment.startswith(".") for segment in path.split("/"))


def _fault(path: str) -> str | None:
    if not path.isprintable() or "\\" in path:
        return "it has a backslash or a character that cannot be printed"
    if "" in path.split("/"):
        return "it is absolute, or has an empty segment"
    if not is_ours(path):
        return "names that begin with a dot are reserved"
    if len(path.encode()) > _PATH_BYTES or any(len(segment.encode()) > _SEGMENT_BYTES for segment in path.split("/")):
        return f"it is longer than {_PATH_BYTES} bytes, or has a segment longer than {_SEGMENT_BYTES} bytes"
    return None
