"""One repo in a folder: its plain files, and a hidden folder that makes commits atomic.

    .every_eval/
        head             ids of the commits that are kept, the newest first; replacing this file makes the commit
        checked_out      id of the commit that the plain files show
        commits/ID.json  the manifest of a commit
        objects/         stored contents by digest
        incoming/        files being written; a later commit deletes what a killed process leaves here
        lock             locked by the process that writes

If a process dies before it replaces `head`, no reader sees a change. If a process dies later, whoever opens the repo
next brings the plain files up to the head.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from filelock import FileLock

from every_eval.errors import HubUnavailable
from every_eval.hub.folder.checkout import check_out, check_room, plain_files
from every_eval.hub.folder.manifest import Manifest, decode
from every_eval.hub.folder.objects import Objects, describe, sync_folder
from every_eval.hub.paths import HIDDEN, check_path

KEPT_COMMITS = 20
"""Number of commits whose contents are always kept; at most twice as many are kept.

A reader pins a commit for as long as its job runs, a few hours at most. A content is missing for the reader only if
more than this number of commits came meanwhile and one of the commits replaced the content. Deleting old contents reads
every manifest that is kept, so it waits until as many new commits have come.
"""


class Repository:
    """The repo in `folder`, which need not exist; `clock` returns the time at which files found there are adopted."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        """Touch no file."""
        self._clock = clock
        self.folder = folder
        self._hidden = folder / HIDDEN
        self.objects = Objects(self._hidden / "objects", self._hidden / "incoming")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the repo, which keeps out other threads and processes that write."""
        self.objects.incoming.mkdir(parents=True, exist_ok=True)
        with FileLock(self._hidden / "lock"):
            yield

    def open(self) -> Manifest | None:
        """Bring the plain files up to the newest commit, and return the commit; null if there is none.

        If the folder holds files but no hidden folder, the files become the first commit.
        """
        commits = self._commits()
        if commits and self._checked_out() == commits[0]:
            return self._manifest(commits[0])
        if not commits and next(plain_files(self.folder), None) is None:
            return None
        with self.locked():
            return self.settle()

    def settle(self) -> Manifest | None:
        """Do the same as `open`. The caller holds the lock."""
        commits = self._commits()
        if not commits:
            return self._adopt()
        head = self._manifest(commits[0])
        if (shown := self._checked_out()) != head.commit:
            self._check_out(self._manifest(shown) if shown else None, head)
        return head

    def history(self) -> Iterator[Manifest]:
        """Yield the commits that are kept, the newest first; writes nothing."""
        return map(self._manifest, self._commits())

    def record(self, head: Manifest | None, manifest: Manifest, contents: Mapping[str, bytes | Path]) -> None:
        """Commit `manifest` on `head`; `contents` holds the added contents by path. The caller holds the lock."""
        check_room(self.folder, contents, head.by_path if head else {})
        self._write_manifest(manifest)
        for path, content in contents.items():
            self.objects.put(manifest.by_path[path], content)
        commits = [manifest.commit, *self._commits()]
        kept = commits if len(commits) <= 2 * KEPT_COMMITS else commits[:KEPT_COMMITS]
        self._write("head", msgspec.json.encode(kept))
        self._check_out(head, manifest)
        self._sweep(kept)

    def _adopt(self) -> Manifest | None:
        paths = sorted(plain_files(self.folder))
        for path in paths:
            check_path(path)
        files = tuple(describe(path, self.folder / path) for path in paths)
        if not files:
            return None
        manifest = Manifest(None, "Adopt the files found here", self._clock().astimezone(UTC), files)
        self._write_manifest(manifest)
        for file in files:
            self.objects.link(self.folder / file.path, self.objects.path(file.digest))
        self._write("checked_out", manifest.commit.encode())
        self._write("head", msgspec.json.encode([manifest.commit]))
        return manifest

    def _check_out(self, shown: Manifest | None, head: Manifest) -> None:
        check_out(self.folder, self.objects, shown.by_path if shown else {}, head.by_path)
        self._write("checked_out", head.commit.encode())

    def _sweep(self, kept: list[str]) -> None:
        dead = [path for path in self._manifest_path("").parent.iterdir() if path.stem not in kept]
        if dead or any(self.objects.incoming.iterdir()):
            self.objects.sweep({file.digest for commit in kept for file in self._manifest(commit).files})
        for path in dead:
            path.unlink()

    def _commits(self) -> list[str]:
        try:
            return msgspec.json.decode((self._hidden / "head").read_bytes(), type=list[str])
        except FileNotFoundError:
            return []

    def _checked_out(self) -> str | None:
        try:
            return (self._hidden / "checked_out").read_text()
        except FileNotFoundError:
            return None

    def _manifest(self, commit: str) -> Manifest:
        try:
            return decode(self._manifest_path(commit).read_bytes(), commit)
        except (FileNotFoundError, ValueError) as error:
            raise HubUnavailable(f"Cannot read commit {commit} of {self.folder}: {error}.") from error

    def _manifest_path(self, commit: str) -> Path:
        return self._hidden / "commits" / f"{commit}.json"

    def _write_manifest(self, manifest: Manifest) -> None:
        self._write(f"commits/{manifest.commit}.json", manifest.encoded)

    def _write(self, name: str, content: bytes) -> None:
        target = self._hidden / name
        target.parent.mkdir(exist_ok=True)
        self.objects.write_incoming("record", content).replace(target)
        sync_folder(target.parent)
