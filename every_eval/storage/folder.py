"""Results in a folder on this machine."""

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
from every_eval.storage.storage import Storage, StoredObject, is_object_name, is_prefix

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FolderStorage(Storage):
    """A folder. Listing opens no file and does not follow links to folders."""

    root: Path
    """Path of the folder."""

    @property
    def location(self) -> str:
        return str(self.root.absolute())

    @property
    def is_remote(self) -> bool:
        return False

    @property
    def can_list(self) -> bool:
        return True

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for entry in self._entries(prefix):
            if entry.is_dir(follow_symlinks=False):
                yield from self.list(f"{prefix}{entry.name}/")
            elif entry.is_file():
                try:
                    found = entry.stat()
                except OSError as error:
                    raise _storage_error(error, self.root / prefix / entry.name) from error
                yield _stored(prefix + entry.name, found)

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(entry.name for entry in self._entries(prefix) if entry.is_dir(follow_symlinks=False)))

    def stat(self, name: str) -> StoredObject | None:
        try:
            found = self._path(name).stat()
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            return None
        except OSError as error:
            raise _storage_error(error, self.root / name) from error
        return _stored(name, found) if stat.S_ISREG(found.st_mode) else None

    def read(self, name: str, witness: str | None = None) -> bytes:
        with self.open(name, witness) as file, self._reading(file, name):
            return file.read()

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        file = self._open(name, witness if md5 is None else None)
        with self._reading(file, name):
            return file if md5 is None else checked(file, md5, f"{self.location}/{name}")

    def open_digested(self, name: str, witness: str) -> Digested:
        file = self._open(name, witness)
        with self._reading(file, name):
            return digested(file)

    @contextmanager
    def _reading(self, file: IO[bytes], name: str) -> Iterator[None]:
        """Close a file that cannot be read, and raise an error of ours."""
        try:
            yield
        except OSError as error:
            file.close()
            raise _storage_error(error, self.root / name) from error

    def _open(self, name: str, witness: str | None) -> IO[bytes]:
        try:
            file = self._path(name).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            self._require_root()
            if witness is not None:
                raise UpstreamUnavailable(
                    f"The file {name!r} in {self.location} has gone since it was listed."
                ) from error
            raise FileNotFoundError(f"{self.location} has no file {name!r}.") from error
        except OSError as error:
            raise _storage_error(error, self.root / name) from error
        if witness is not None and _stored(name, os.fstat(file.fileno())).witness != witness:
            file.close()
            raise UpstreamUnavailable(f"The file {name!r} in {self.location} has changed since it was listed.")
        return file

    def _path(self, name: str) -> Path:
        if not is_object_name(name):
            raise FileNotFoundError(f"No file in {self.location} can have the name {name!r}.")
        return self.root / name

    def _entries(self, prefix: str) -> Sequence[os.DirEntry[str]]:
        """The entries of a folder, in the order in which a listing names the files below them."""
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is not the name of a folder in {self.location}.")
        try:
            with os.scandir(self.root / prefix) as found:
                entries = sorted(found, key=lambda e: f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name)
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            return []
        except OSError as error:
            raise _storage_error(error, self.root / prefix) from error
        unnamed = [entry.name for entry in entries if not is_object_name(entry.name)]
        if unnamed:
            logger.warning("%s: left out %r, because no bucket can have such names.", self.root / prefix, unnamed)
        return [entry for entry in entries if entry.name not in unnamed]

    def _require_root(self) -> None:
        if not self.root.is_dir():
            raise ConfigurationError(
                f"{self.location} is not a folder. Name the folder that holds `config/` and the projects' folders."
            )


def _stored(name: str, found: os.stat_result) -> StoredObject:
    witness = f"size={found.st_size};mtime_ns={found.st_mtime_ns}"
    return StoredObject(name=name, size=found.st_size, witness=witness, md5=None)


def _storage_error(error: OSError, path: Path) -> EveryEvalError:
    """Return our error: somebody must grant access, or another error (EIO, ESTALE, a file just removed) may pass."""
    if isinstance(error, PermissionError):
        return ConfigurationError(f"This user may not read {path}. Give the user the right to read it.")
    return UpstreamUnavailable(f"Cannot read {path}: {error.strerror}.")
