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
from every_eval.storage.folder_entry import FolderEntry, folder_entry
from every_eval.storage.storage import (
    SkippedEntry,
    Storage,
    StoredObject,
    is_object_name,
    is_prefix,
    printable_name,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FolderStorage(Storage):
    """A folder. Listing opens no file.

    A link is followed if it leads to another place in the folder. A link beside its target, such as HELM's
    `latest -> v1.1.0`, is a second name of what is listed anyway, and is left out. A link that leads out of the folder
    is never followed, neither by a listing nor by reading: its author could publish any file of this machine.
    """

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
            if entry.is_folder:
                yield from self.list(f"{prefix}{entry.name}/")
            elif entry.is_file:
                yield self._described(prefix + entry.name)

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(entry.name for entry in self._entries(prefix) if entry.is_folder))

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        found = []
        for entry in self._found(prefix):
            if entry.problem is not None:
                found.append(SkippedEntry(prefix + printable_name(entry.name), entry.problem, entry.is_alias))
            elif entry.is_folder:
                found += self.skipped(f"{prefix}{entry.name}/")
        return sorted(found, key=lambda item: item.name)

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

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        with self.open(name, witness) as file, self._reading(file, name):
            file.seek(start)
            return file.read(max(stop - start, 0))

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

    def _described(self, name: str) -> StoredObject:
        """Describe a listed file, which must still be there."""
        try:
            return _stored(name, (self.root / name).stat())
        except OSError as error:
            raise _storage_error(error, self.root / name) from error

    def _path(self, name: str) -> Path:
        path = self.root / name
        if not is_object_name(name) or not path.resolve().is_relative_to(self.root.resolve()):
            raise FileNotFoundError(f"No file in {self.location} can have the name {name!r}.")
        return path

    def _entries(self, prefix: str) -> Sequence[FolderEntry]:
        """The entries of a folder that are listed, in the order in which a listing names the files below them."""
        found = self._found(prefix)
        for entry in found:
            if entry.problem is not None and not entry.is_alias:
                logger.warning(
                    "%s: left out %s, because %s.", self.root / prefix, printable_name(entry.name), entry.problem
                )
        listed = [entry for entry in found if entry.problem is None]
        return sorted(listed, key=lambda entry: f"{entry.name}/" if entry.is_folder else entry.name)

    def _found(self, prefix: str) -> Sequence[FolderEntry]:
        """The entries of a folder, those included that are left out."""
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is not the name of a folder in {self.location}.")
        folder = self.root / prefix
        if not folder.resolve().is_relative_to(self.root.resolve()):
            return []
        try:
            with os.scandir(folder) as found:
                return [folder_entry(entry, self.root) for entry in found]
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            return []
        except OSError as error:
            raise _storage_error(error, folder) from error

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
