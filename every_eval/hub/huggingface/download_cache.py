"""A cache of downloaded files on this machine, by digest, so that each content is downloaded once.

The Hub client's own cache is by commit: it asks the Hub for every file again after each commit, changed or not, and
does not compare contents with their digests. Files that no commit holds any more are never read again, so the cache
deletes what nobody has read in three weeks, and what killed processes have left half downloaded.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from every_eval.hub.digests import VerifiedFiles
from every_eval.hub.disk import explained_disk_errors
from every_eval.hub.hub import HubFile

KEPT_SECONDS: Final = 21 * 86_400
"""How long to keep a file that nobody reads, in seconds: for some weekly runs, and longer than any job may run."""
_INCOMING: Final = "incoming-"


@dataclass
class DownloadCache:
    """Contents in `folder`, which any number of processes may share."""

    folder: Path
    _verified: VerifiedFiles = field(default_factory=VerifiedFiles)
    _is_swept: bool = False

    def fetch(self, file: HubFile, download: Callable[[Path], None]) -> Path:
        """Return a local file with the content of `file`; `download` writes the content to the path that it is given.

        Raises:
            HubUnavailable: what was downloaded has another digest.
        """
        if found := self.find(file):
            return found
        path = self._path(file)
        with explained_disk_errors(self.folder):
            self._sweep()
            path.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=_INCOMING, dir=self.folder) as incoming:
                download(Path(incoming, file.digest))
                Path(incoming, file.digest).replace(path)
        return path

    def keep(self, file: HubFile, content: bytes | Path) -> None:
        """Keep a content that was published from here; `find` verifies its digest when somebody reads it."""
        path = self._path(file)
        with suppress(OSError):  # Without a copy here, the content is downloaded when somebody reads it.
            path.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=_INCOMING, dir=self.folder) as incoming:
                local = Path(incoming, file.digest)
                if isinstance(content, bytes):
                    local.write_bytes(content)
                else:
                    shutil.copyfile(content, local)
                local.replace(path)

    def find(self, file: HubFile) -> Path | None:
        """Return the local file with the content of `file`, if the cache has one with the right digest."""
        path = self._path(file)
        if not self._verified.has_content(path, file):
            return None
        with suppress(OSError):  # Somebody else's cache may be read-only.
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        return path

    def _path(self, file: HubFile) -> Path:
        return self.folder / file.digest[:2] / file.digest

    def _sweep(self) -> None:
        """Delete what nobody has read in a long time; once is enough for a job."""
        if self._is_swept:
            return
        self._is_swept = True
        oldest = time.time() - KEPT_SECONDS
        for path in (*self.folder.glob("??/*"), *self.folder.glob(f"{_INCOMING}*")):
            with suppress(FileNotFoundError):  # Another process sweeps too, or has finished its download.
                if path.stat().st_atime < oldest:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
