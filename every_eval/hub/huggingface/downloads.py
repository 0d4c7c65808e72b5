"""Files of the Hub on this machine, by their digest: what was once here and checked is not downloaded again.

What no commit names any more is asked for by nobody; so what was not asked for in weeks goes, and with it what a
killed process has left half downloaded.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from every_eval.errors import HubUnavailable
from every_eval.hub.digests import digests
from every_eval.hub.disk import writing
from every_eval.hub.hub import HubFile

KEPT_SECONDS: Final = 21 * 86_400
"""For which a file is kept that nobody asks for: some weekly runs, and longer than any job that may still read it."""
_INCOMING: Final = "incoming-"
_ATTEMPTS = 4
_log = logging.getLogger(__name__)


@dataclass
class Downloads:
    """Contents in `folder`, which any number of processes may share."""

    folder: Path
    _verified: set[tuple[str, int]] = field(default_factory=set)
    """Digests found right, each with the modification time (ns) that its file had then."""
    _is_swept: bool = False

    def fetch(self, file: HubFile, download: Callable[[Path], Path]) -> Path:
        """A local file with the content of `file`; `download` puts it somewhere in the folder that it is given.

        Raises:
            HubUnavailable: what came was never what the Hub's listing says.
        """
        if here := self.find(file):
            return here
        path = self._path(file)
        with writing(self.folder):
            self._sweep()
            path.parent.mkdir(parents=True, exist_ok=True)
            for _ in range(_ATTEMPTS):
                with TemporaryDirectory(prefix=_INCOMING, dir=self.folder) as incoming:
                    download(Path(incoming)).replace(path)
                if self._is_right(path, file):
                    return path
                path.unlink()
                _log.warning("%s: what was downloaded is not %s", file.path, file.digest)
        raise HubUnavailable(f"{file.path}: {_ATTEMPTS} downloads, and none had the digest {file.digest}")

    def keep(self, file: HubFile, content: bytes | Path) -> None:
        """Keep what was published from here; whether it is right is found out when somebody asks for it."""
        path = self._path(file)
        with suppress(OSError):  # Then it is downloaded.
            path.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=_INCOMING, dir=self.folder) as incoming:
                local = Path(incoming, file.digest)
                if isinstance(content, bytes):
                    local.write_bytes(content)
                else:
                    shutil.copyfile(content, local)
                local.replace(path)

    def find(self, file: HubFile) -> Path | None:
        """The local file with the content of `file`, if it is here."""
        path = self._path(file)
        if not self._is_right(path, file):
            return None
        with suppress(OSError):  # A cache that somebody else keeps is used as it is.
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        return path

    def _path(self, file: HubFile) -> Path:
        return self.folder / file.digest[:2] / file.digest

    def _sweep(self) -> None:
        """Remove what nobody has asked for in a long time; once is enough for a job."""
        if self._is_swept:
            return
        self._is_swept = True
        oldest = time.time() - KEPT_SECONDS
        for path in (*self.folder.glob("??/*"), *self.folder.glob(f"{_INCOMING}*")):
            with suppress(FileNotFoundError):  # Another process sweeps too, or has finished its download.
                if path.stat().st_atime < oldest:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _is_right(self, path: Path, file: HubFile) -> bool:
        if not path.exists():
            return False
        seen = (file.digest, path.stat().st_mtime_ns)
        if seen not in self._verified and digests(path).match(file):
            self._verified.add(seen)
        return seen in self._verified
