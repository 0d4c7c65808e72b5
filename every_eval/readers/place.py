"""The interface of a place that the published repos are read from: a folder or the Hugging Face Hub."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol


class Place(Protocol):
    """A place that holds published repos. Reading writes nothing there."""

    name: str
    """The folder, or the address of the Hub."""
    prefix: str
    """Beginning of the addresses by which DuckDB finds `filesystem`; empty for the file system of this machine."""
    filesystem: Any
    """File system of fsspec that opens the addresses."""

    def find(self, repo: str, revision: str | None) -> str | None:
        """Return the id of a commit (null: of the newest); null if the repo has no such commit."""

    def history(self, repo: str, commit: str | None = None) -> Iterator[tuple[str, datetime]]:
        """Yield the ids and times (UTC) of a repo's commits, the newest first, or `commit` first."""

    def files(self, repo: str, commit: str | None) -> Mapping[str, str]:
        """Return the address of each file of a commit, by path, sorted by path; empty without a commit."""

    def explained(self, action: str) -> AbstractContextManager[None]:
        """Raise, in place of what `filesystem` raises, the error of ours that says why an action failed."""
