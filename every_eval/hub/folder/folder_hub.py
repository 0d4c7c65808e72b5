"""The Hub in a folder: every repo is a folder `root/owner/name` of plain files that any program can read."""

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from every_eval.errors import ConfigurationError, PublishConflict
from every_eval.hub.disk import explained_disk_errors
from every_eval.hub.folder.manifest import Manifest
from every_eval.hub.folder.objects import Objects, describe
from every_eval.hub.folder.repository import Repository
from every_eval.hub.hub import Add, Change, HubFile, Snapshot, Upload
from every_eval.hub.paths import check_changes, check_repo, check_tree

_Changed = Mapping[str, HubFile | None]
"""Files that a commit changes, by path; null for a deleted file."""


@dataclass(frozen=True)
class FolderSnapshot:
    """A repo in a folder as of one commit. It reads stored contents, which later commits do not change."""

    commit: str | None
    committed_at: datetime | None
    files: Mapping[str, HubFile]
    _objects: Objects

    def fetch(self, path: str) -> Path:
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not in commit {self.commit}")
        return self._objects.fetch(self.files[path])

    def open(self, path: str) -> BinaryIO:
        return io.FileIO(self.fetch(path))

    def stored(self, path: str) -> Path:
        """Return where the content of the file at `path` is stored, without checking the content."""
        return self._objects.path(self.files[path].digest)


class FolderHub:
    """A Hub in `root`, a folder that the first commit creates; `clock` returns the time of a commit.

    `snapshot` and `commit` raise `TerminalError` if the disk is full or the folder may not be written to.
    """

    def __init__(self, root: Path, clock: Callable[[], datetime]) -> None:
        """Touch no file."""
        self._root = root.absolute()
        self._clock = clock
        self._repositories: dict[str, Repository] = {}

    def snapshot(self, repo: str) -> FolderSnapshot:
        repository = self._repository(repo)
        with explained_disk_errors(repository.folder):
            return _show(repository, repository.open())

    def history(self, repo: str) -> Iterator[FolderSnapshot]:
        """Yield the commits of a repo that are kept, the newest first; writes nothing."""
        repository = self._repository(repo)
        return (_show(repository, manifest) for manifest in repository.history())

    def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> FolderSnapshot:
        check_changes(changes)
        contents = {change.path: change.content for change in changes if isinstance(change, Add)}
        changed = {change.path: None for change in changes} | {
            path: describe(path, content) for path, content in contents.items()
        }
        repository = self._repository(repo)
        with explained_disk_errors(repository.folder):
            head = repository.open()
            if _plan(head, changed, parent) is None:
                return _show(repository, head)
            with repository.locked():
                head = repository.settle()
                if (files := _plan(head, changed, parent)) is None:
                    return _show(repository, head)
                made = Manifest(parent, title, self._clock().astimezone(UTC), files)
                repository.record(head, made, contents)
                return _show(repository, made)

    @contextmanager
    def uploading(self, repo: str, head: Snapshot) -> Iterator[Upload]:  # noqa: ARG002 - as `Hub` has it
        yield lambda _: None  # A folder needs no upload: the commit copies the files.

    def check_access(self, repo: str) -> None:
        folder = self._repository(repo).folder
        place = next(place for place in (folder, *folder.parents) if place.exists())
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            raise ConfigurationError(
                f"Cannot write to {folder}: {place} is not a folder, or may not be written to. Allow writing there, or "
                "set EVERY_EVAL_HUB to another folder."
            )

    def location(self, repo: str, path: str = "") -> str:
        return str(self._repository(repo).folder / path)

    def read_address(self, repo: str, commit: str | None, page: str) -> str:  # noqa: ARG002 - as `Hub` has it
        return f"{'../' * len(page.split('/'))}{repo}/"

    def connect_sources(self) -> Sequence[str]:
        return ()

    def _repository(self, repo: str) -> Repository:
        check_repo(repo)
        return self._repositories.setdefault(repo, Repository(self._root / repo, self._clock))


def _plan(head: Manifest | None, changed: _Changed, parent: str | None) -> tuple[HubFile, ...] | None:
    """Return every file of the commit that changes `head`, sorted by path; null if nothing would change."""
    if parent != (head.commit if head else None):
        raise PublishConflict(f"The commit was planned on {parent}, but the head is {head.commit if head else None}.")
    before = head.by_path if head else {}
    after = {path: file for path, file in {**before, **changed}.items() if file is not None}
    if after == before:
        return None
    check_tree(after)
    return tuple(after[path] for path in sorted(after))


def _show(repository: Repository, head: Manifest | None) -> FolderSnapshot:
    files = MappingProxyType(head.by_path if head else {})
    return FolderSnapshot(head.commit if head else None, head.committed_at if head else None, files, repository.objects)
