"""The stored contents of a repo in a folder, each stored once by its SHA-256, as `objects/ab/abcd…`.

A stored content appears complete, by a rename, and is never written again. The plain files are hard links to the stored
contents where the file system allows hard links, and copies elsewhere. Whoever calls what writes holds the repo's lock.
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
from every_eval.hub.digests import VerifiedFiles
from every_eval.hub.hub import HubFile

_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def describe(path: str, content: bytes | Path) -> HubFile:
    """Return the size and digest of `content`, as the file at `path`."""
    if isinstance(content, bytes):
        return HubFile(path, len(content), hashlib.sha256(content).hexdigest())
    with content.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return HubFile(path, stream.tell(), digest)


def sync_folder(folder: Path) -> None:
    """Write the names in `folder` to the disk, so that they survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Objects:
    """The stored contents of one repo, in `folder`; new files are written in `incoming`, on the same file system."""

    folder: Path
    incoming: Path
    _verified: VerifiedFiles = field(default_factory=VerifiedFiles)

    def path(self, digest: str) -> Path:
        """Return where the content with this digest is stored, or would be."""
        return self.folder / digest[:2] / digest

    def fetch(self, file: HubFile) -> Path:
        """Return the stored content of `file`, after checking its digest.

        Raises:
            HubUnavailable: the content was deleted, or another program has changed the content.
        """
        path = self.path(file.digest)
        if not path.exists():
            raise HubUnavailable(
                f"Cannot read {file.path}: its commit is so old that its content is not kept. Read a newer commit."
            )
        if not self._verified.has_content(path, file):
            raise HubUnavailable(
                f"Cannot read {file.path}: another program has changed {path} since the commit. Restore the file from "
                "a copy."
            )
        return path

    def put(self, file: HubFile, content: bytes | Path) -> None:
        """Store `content`, whose size and digest `file` holds."""
        target = self.path(file.digest)
        if self._verified.has_content(target, file):
            return
        temporary = self.write_incoming(file.digest, content)
        if describe(file.path, temporary) != file:
            raise ContractViolation(f"The content of {file.path} changed while it was being committed.")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        sync_folder(target.parent)

    def write_incoming(self, name: str, content: bytes | Path) -> Path:
        """Write `content` to a read-only file in `incoming`, synced to the disk, to be renamed; return the file."""
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
        """Make `target` a hard link to `source`, or a copy where links are not possible; replace any file there."""
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
        """Delete every content whose digest is not in `live`, and every file that a killed process left incomplete."""
        for path in (*self.folder.glob("*/*"), *self.incoming.iterdir()):
            if path.parent == self.incoming or path.name not in live:
                path.unlink()
