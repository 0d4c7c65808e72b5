"""Published repos in a folder."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from itertools import dropwhile
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem

from every_eval.hub.folder.checkout import plain_files
from every_eval.hub.folder.folder_hub import FolderHub, FolderSnapshot
from every_eval.hub.paths import is_ours


class FolderPlace:
    """A folder that holds a folder for each repo: published there by the jobs, or downloaded from the Hub.

    What the jobs published is read from the stored contents of a commit, which later commits do not change.
    """

    prefix = ""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self.filesystem = LocalFileSystem()
        self._root = root.absolute()
        self._hub = FolderHub(root, lambda: datetime.now(UTC))

    def find(self, repo: str, revision: str | None) -> str | None:
        commits = (commit for commit, _ in self.history(repo))
        return next((commit for commit in commits if revision in (None, commit)), None)

    def history(self, repo: str, commit: str | None = None) -> Iterator[tuple[str, datetime]]:
        for snapshot in self._from(repo, commit):
            assert snapshot.commit is not None
            assert snapshot.committed_at is not None
            yield snapshot.commit, snapshot.committed_at

    def files(self, repo: str, commit: str | None) -> Mapping[str, str]:
        if commit is None:
            if self.find(repo, None):
                return {}
            # A folder of plain files, for example a download, has no commits of ours.
            return {path: str(self._root / repo / path) for path in sorted(plain_files(self._root / repo))}
        snapshot = next(self._from(repo, commit))
        return {path: str(snapshot.stored(path)) for path in snapshot.files if is_ours(path)}

    def explained(self, action: str) -> AbstractContextManager[None]:  # noqa: ARG002 - as `Place` has it
        return nullcontext()  # A folder's errors name the file.

    def _from(self, repo: str, commit: str | None) -> Iterator[FolderSnapshot]:
        return dropwhile(lambda each: commit not in (None, each.commit), self._hub.history(repo))
