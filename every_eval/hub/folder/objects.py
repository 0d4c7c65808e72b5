"""Contents by their SHA-256, each stored once: `objects/ab/abcd…`.

An object appears whole, by a replace, and is never written again; plain files are hard links to it where the
file system has them, and copies elsewhere. All calls that write are made under the lock of the repo.
"""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from every_eval.errors import ContractViolation, HubUnavailable
from every_eval.hub.hub import HubFile

_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def describe(path: str, content: bytes | Path) -> HubFile:
    """The file that `content` makes at `path`."""
    if isinstance(content, bytes):
        return HubFile(path, len(content), hashlib.sha256(content).hexdigest())
    with content.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return HubFile(path, stream.tell(), digest)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Objects:
    """The contents of one repo, in `folder`; files are made in `incoming`, on the same file system."""

    folder: Path
    incoming: Path
    _verified: set[tuple[str, int]] = field(default_factory=set)
    """Digests found right, each with the modification time (ns) that its object had then."""

    def path(self, digest: str) -> Path:
        """Where the content with this digest is, or would be."""
        return self.folder / digest[:2] / digest

    def fetch(self, file: HubFile) -> Path:
        """The object of `file`, found to be what was committed.

        Raises:
            HubUnavailable: the content is gone or was changed by something else.
        """
        path = self.path(file.digest)
        if not path.exists():
            raise HubUnavailable(
                f"{file.path} is of a commit that many others followed; its content is not kept: {path.name}"
            )
        if not self._is_intact(file):
            raise HubUnavailable(f"{file.path} is not as it was committed: something else has written to {path}")
        return path

    def put(self, file: HubFile, content: bytes | Path) -> None:
        """Store `content`, which `file` describes."""
        target = self.path(file.digest)
        if target.exists() and self._is_intact(file):
            return
        temporary = self.write_incoming(file.digest, content)
        if describe(file.path, temporary) != file:
            raise ContractViolation(f"{file.path}: its content changed while it was being committed")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        sync_folder(target.parent)

    def write_incoming(self, name: str, content: bytes | Path) -> Path:
        """A file that holds `content`, on the disk and closed to writing, to be moved to its place."""
        temporary = self.incoming / name
        temporary.unlink(missing_ok=True)
        with temporary.open("wb") as stream:
            if isinstance(content, bytes):
                stream.write(content)
            else:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, stream, 1 << 20)
            stream.flush()
            os.fchmod(stream.fileno(), os.fstat(stream.fileno()).st_mode & ~_WRITABLE)
            os.fsync(stream.fileno())
        return temporary

    def link(self, source: Path, target: Path) -> None:
        """Make `target` the same file as `source`, replacing what is there; a copy where links are not possible."""
        temporary = self.incoming / "link"
        temporary.unlink(missing_ok=True)
        try:
            temporary.hardlink_to(source)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self.write_incoming(temporary.name, source)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)

    def sweep(self, live: Set[str]) -> None:
        """Remove every object whose digest is not in `live`, and whatever was left half made."""
        for path in (*self.folder.glob("*/*"), *self.incoming.iterdir()):
            if path.parent == self.incoming or path.name not in live:
                path.unlink()

    def _is_intact(self, file: HubFile) -> bool:
        status = self.path(file.digest).stat()
        seen = (file.digest, status.st_mtime_ns)
        if status.st_size != file.size:
            return False
        if seen not in self._verified and describe(file.path, self.path(file.digest)) == file:
            self._verified.add(seen)
        return seen in self._verified
