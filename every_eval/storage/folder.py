"""Results in a folder of this machine."""

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from every_eval.errors import ConfigurationError, EveryEvalError, UpstreamUnavailable
from every_eval.network.content import Digested, checked, digested
from every_eval.storage.storage import StoredObject, is_object_name, is_prefix

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FolderStorage:
    """A folder in the public bucket's layout. Listing opens no file, and does not follow links to folders."""

    root: Path

    @property
    def location(self) -> str:
        """The folder's absolute path."""
        return str(self.root.absolute())

    @property
    def is_remote(self) -> bool:
        """See `Storage.is_remote`."""
        return False

    @property
    def can_list(self) -> bool:
        """Always."""
        return True

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See `Storage.list`."""
        for entry in self._entries(prefix):
            if entry.is_dir(follow_symlinks=False):
                yield from self.list(f"{prefix}{entry.name}/")
            elif entry.is_file():
                try:
                    found = entry.stat()
                except OSError as error:
                    raise _translated(error, self.root / prefix / entry.name) from error
                yield _stored(prefix + entry.name, found)

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        """See `Storage.list_folders`."""
        return tuple(sorted(entry.name for entry in self._entries(prefix) if entry.is_dir(follow_symlinks=False)))

    def stat(self, name: str) -> StoredObject | None:
        """See `Storage.stat`."""
        try:
            found = self._path(name).stat()
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            return None
        except OSError as error:
            raise _translated(error, self.root / name) from error
        return _stored(name, found) if stat.S_ISREG(found.st_mode) else None

    def read(self, name: str, witness: str | None = None) -> bytes:
        """See `Storage.read`."""
        with self.open(name, witness) as file, self._reading(file, name):
            return file.read()

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        """See `Storage.open`."""
        file = self._open(name, witness if md5 is None else None)
        with self._reading(file, name):
            return file if md5 is None else checked(file, md5, f"{self.location}/{name}")

    def open_digested(self, name: str, witness: str) -> Digested:
        """See `Storage.open_digested`."""
        file = self._open(name, witness)
        with self._reading(file, name):
            return digested(file)

    @contextmanager
    def _reading(self, file: IO[bytes], name: str) -> Iterator[None]:
        """Close a file that cannot be read, and say so."""
        try:
            yield
        except OSError as error:
            file.close()
            raise _translated(error, self.root / name) from error

    def _open(self, name: str, witness: str | None) -> IO[bytes]:
        try:
            file = self._path(name).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            self._require_root()
            if witness is not None:
                raise UpstreamUnavailable(f"{name!r} in {self.location} has gone since it was listed") from error
            raise FileNotFoundError(f"{self.location} has no file {name!r}") from error
        except OSError as error:
            raise _translated(error, self.root / name) from error
        if witness is not None and _stored(name, os.fstat(file.fileno())).witness != witness:
            file.close()
            raise UpstreamUnavailable(f"{name!r} in {self.location} has changed since it was listed")
        return file

    def _path(self, name: str) -> Path:
        if not is_object_name(name):
            raise FileNotFoundError(f"{name!r} is no name of a file in {self.location}")
        return self.root / name

    def _entries(self, prefix: str) -> Sequence[os.DirEntry[str]]:
        """What is directly in a folder, in the order of the full names of all the files below."""
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is no folder in {self.location}")
        try:
            with os.scandir(self.root / prefix) as found:
                entries = sorted(found, key=lambda e: f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name)
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            return []
        except OSError as error:
            raise _translated(error, self.root / prefix) from error
        unnamed = [entry.name for entry in entries if not is_object_name(entry.name)]
        if unnamed:
            logger.warning("%s holds names that no bucket can have: %r left out", self.root / prefix, unnamed)
        return [entry for entry in entries if entry.name not in unnamed]

    def _require_root(self) -> None:
        if not self.root.is_dir():
            raise ConfigurationError(
                f"{self.location} is not a folder: name the folder that holds `config/` and the projects' folders"
            )


def _stored(name: str, found: os.stat_result) -> StoredObject:
    witness = f"size={found.st_size};mtime_ns={found.st_mtime_ns}"
    return StoredObject(name=name, size=found.st_size, witness=witness, md5=None)


def _translated(error: OSError, path: Path) -> EveryEvalError:
    """A refusal needs somebody to act; anything else (EIO, ESTALE, ETIMEDOUT, a file gone meanwhile) may pass."""
    if isinstance(error, PermissionError):
        return ConfigurationError(f"{path} may not be read: give this user the right to")
    return UpstreamUnavailable(f"{path} could not be read: {error.strerror}")
