"""Results in one zip archive, for example the bundled sample."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from every_eval.errors import ConfigurationError, UpstreamMalformed, UpstreamUnavailable
from every_eval.network.content import Digested, checked, digested
from every_eval.storage.storage import SkippedEntry, Storage, StoredObject, is_object_name, is_prefix

HELM_SAMPLE = Path(__file__).with_name("helm_sample.zip")
"""The bundled sample: a few runs of Lite, MMLU and Classic with their releases, in the public bucket's layout."""


@dataclass(frozen=True)
class ArchiveStorage(Storage):
    """A zip archive. Its directory is the listing, and each file is checked against its CRC as it is read."""

    path: Path
    """Path of the archive."""

    @property
    def location(self) -> str:
        return str(self.path.absolute())

    @property
    def is_remote(self) -> bool:
        return False

    @property
    def can_list(self) -> bool:
        return True

    def list(self, prefix: str) -> Iterator[StoredObject]:
        return (_stored(self._members[name]) for name in self._names(prefix))

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        tails = (name.removeprefix(prefix) for name in self._names(prefix))
        return tuple(sorted({tail.split("/")[0] for tail in tails if "/" in tail}))

    def stat(self, name: str) -> StoredObject | None:
        member = self._members.get(name)
        return None if member is None else _stored(member)

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:  # noqa: ARG002 - an archive is read whole or not at all
        return ()

    def read(self, name: str, witness: str | None = None) -> bytes:
        with self._reading(name, witness) as file:
            return file.read()

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        with self._reading(name, witness) as file:
            file.seek(start)
            return file.read(max(stop - start, 0))

    @contextmanager
    def _reading(self, name: str, witness: str | None) -> Iterator[IO[bytes]]:
        """Open a file of the archive, and raise an error of ours if the file is damaged."""
        member = self._members.get(name)
        if witness is not None and (member is None or _stored(member).witness != witness):
            raise UpstreamUnavailable(f"The file {name!r} in {self.location} has changed since it was listed.")
        if member is None:
            raise FileNotFoundError(f"{self.location} has no file {name!r}.")
        try:
            with self._archive.open(member) as file:
                yield file
        except (BadZipFile, EOFError, zlib.error) as error:
            raise UpstreamMalformed(f"The file {name!r} in {self.location} is damaged: {error}.") from error

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        """The content as a file, in memory, because the files of an archive are small."""
        content = BytesIO(self.read(name, witness if md5 is None else None))
        return content if md5 is None else checked(content, md5, f"{self.location}/{name}")

    def open_digested(self, name: str, witness: str) -> Digested:
        return digested(BytesIO(self.read(name, witness)))

    def __reduce__(self) -> tuple[type["ArchiveStorage"], tuple[Path]]:
        """Pickle without the open file."""
        return ArchiveStorage, (self.path,)

    @cached_property
    def _archive(self) -> ZipFile:
        try:
            return ZipFile(self.path)
        except (OSError, BadZipFile) as error:
            raise ConfigurationError(f"Cannot read {self.location} as a zip file: {error}.") from error

    @cached_property
    def _members(self) -> dict[str, ZipInfo]:
        """The files, sorted by name, without the entries for folders."""
        members = {member.filename: member for member in self._archive.infolist() if not member.is_dir()}
        unsafe = sorted(name for name in members if not is_object_name(name))
        if unsafe:
            raise UpstreamMalformed(f"{self.location} has files whose names lead out of the archive: {unsafe[:3]}.")
        return {name: members[name] for name in sorted(members)}

    def _names(self, prefix: str) -> Iterator[str]:
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is not the name of a folder in {self.location}.")
        return (name for name in self._members if name.startswith(prefix))


def _stored(member: ZipInfo) -> StoredObject:
    witness = f"size={member.file_size};crc32={member.CRC:08x}"
    return StoredObject(name=member.filename, size=member.file_size, witness=witness, md5=None)
