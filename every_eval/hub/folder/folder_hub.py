"""The Hub in a folder, embedded: `root/owner/name/…` are plain files that anything can read."""

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from every_eval.errors import ConfigurationError, PublishConflict
from every_eval.hub.disk import writing
from every_eval.hub.folder.manifest import Manifest
from every_eval.hub.folder.objects import Objects, describe
from every_eval.hub.folder.repository import Repository
from every_eval.hub.hub import Add, Change, HubFile, Snapshot, Upload
from every_eval.hub.paths import check_changes, check_repo, check_tree

_Changed = Mapping[str, HubFile | None]
"""Files by path as a commit would leave them; null for one that goes."""


@dataclass(frozen=True)
class FolderSnapshot:
    """A repo in a folder as of one commit, read from contents that later commits leave alone."""

    commit: str | None
    committed_at: datetime | None
    files: Mapping[str, HubFile]
    _objects: Objects

    def fetch(self, path: str) -> Path:
        """See `Snapshot.fetch`; the file's name is its digest, without a suffix."""
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not in commit {self.commit}")
        return self._objects.fetch(self.files[path])

    def open(self, path: str) -> io.RawIOBase:
        """See `Snapshot.open`; the whole file is checked, as it is here."""
        return io.FileIO(self.fetch(path))


class FolderHub:
    """A Hub in `root`, created when first written to; `clock` tells when commits are made.

    Both calls raise `TerminalError` where the folder cannot be written to: no space, or no permission.
    """

    def __init__(self, root: Path, clock: Callable[[], datetime]) -> None:
        """Touch nothing."""
        self._root = root.absolute()
        self._clock = clock
        self._repositories: dict[str, Repository] = {}

    def snapshot(self, repo: str) -> FolderSnapshot:
        """See `Hub.snapshot`."""
        repository = self._repository(repo)
        with writing(repository.folder):
            return _show(repository, repository.open())

    def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> FolderSnapshot:
        """See `Hub.commit`."""
        check_changes(changes)
        contents = {change.path: change.content for change in changes if isinstance(change, Add)}
        changed = {change.path: None for change in changes} | {
            path: describe(path, content) for path, content in contents.items()
        }
        repository = self._repository(repo)
        with writing(repository.folder):
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
        """See `Hub.uploading`; there is no way to go, so that all is left to the commit."""
        yield lambda _: None

    def check_access(self, repo: str) -> None:
        """See `Hub.check_access`."""
        folder = self._repository(repo).folder
        place = next(place for place in (folder, *folder.parents) if place.exists())
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            raise ConfigurationError(
                f"{folder} cannot be written to: {place} is not a folder, or not one that we may write to; "
                "set EVERY_EVAL_HUB to another folder"
            )

    def location(self, repo: str, path: str = "") -> str:
        """See `Hub.location`."""
        return str(self._repository(repo).folder / path)

    def _repository(self, repo: str) -> Repository:
        check_repo(repo)
        return self._repositories.setdefault(repo, Repository(self._root / repo, self._clock))


def _plan(head: Manifest | None, changed: _Changed, parent: str | None) -> tuple[HubFile, ...] | None:
    """Every file once `head` is `changed`, sorted by path; null if nothing would change."""
    if parent != (head.commit if head else None):
        raise PublishConflict(f"planned on {parent}, but the head is {head.commit if head else None}")
    before = head.by_path if head else {}
    after = {path: file for path, file in {**before, **changed}.items() if file is not None}
    if after == before:
        return None
    check_tree(after)
    return tuple(after[path] for path in sorted(after))


def _show(repository: Repository, head: Manifest | None) -> FolderSnapshot:
    files = MappingProxyType(head.by_path if head else {})
    return FolderSnapshot(head.commit if head else None, head.committed_at if head else None, files, repository.objects)
