"""Files of the Hub on this machine, by their digest: what was once downloaded and checked is not downloaded again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from every_eval.errors import HubUnavailable
from every_eval.hub.digests import digests
from every_eval.hub.disk import writing
from every_eval.hub.hub import HubFile

_ATTEMPTS = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Downloads:
    """Contents in `folder`, which any number of processes may share."""

    folder: Path
    _verified: set[tuple[str, int]] = field(default_factory=set)
    """Digests found right, each with the modification time (ns) that its file had then."""

    def fetch(self, file: HubFile, download: Callable[[Path], Path]) -> Path:
        """A local file with the content of `file`; `download` puts it somewhere in the folder that it is given.

        Raises:
            HubUnavailable: what came was never what the Hub's listing says.
        """
        path = self.folder / file.digest[:2] / file.digest
        if self._is_right(path, file):
            return path
        with writing(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            for _ in range(_ATTEMPTS):
                with TemporaryDirectory(prefix="incoming-", dir=self.folder) as incoming:
                    download(Path(incoming)).replace(path)
                if self._is_right(path, file):
                    return path
                path.unlink()
                _log.warning("%s: what was downloaded is not %s", file.path, file.digest)
        raise HubUnavailable(f"{file.path}: {_ATTEMPTS} downloads, and none had the digest {file.digest}")

    def _is_right(self, path: Path, file: HubFile) -> bool:
        if not path.exists():
            return False
        seen = (file.digest, path.stat().st_mtime_ns)
        if seen not in self._verified and digests(path).match(file):
            self._verified.add(seen)
        return seen in self._verified
