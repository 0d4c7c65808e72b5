"""Results in one zip archive, for example the bundled sample."""

import logging
import lzma
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import IO, Final
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from every_eval.errors import ConfigurationError, UpstreamMalformed, UpstreamUnavailable
from every_eval.network.content import Digested, checked, digested
from every_eval.storage.storage import SkippedEntry, Storage, StoredObject, is_object_name, is_prefix, printable_name

MAX_RATIO: Final = 200
"""Largest size of a file's content as a multiple of its compressed size, for content of more than `MAX_BOMB_BYTES`.

Results in JSON are compressed to a tenth or a fiftieth. Content that is far smaller was made to exhaust the memory.
"""
MAX_BOMB_BYTES: Final = 64 << 20
"""Size in bytes up to which the compression of a file does not matter."""

logger = logging.getLogger(__name__)

HELM_SAMPLE = Path(__file__).with_name("helm_sample.zip")
"""The bundled sample: a few runs of Lite, MMLU and Classic with their releases, in the public bucket's layout."""


@dataclass(frozen=True)
class ArchiveStorage(Storage):
    """A zip archive. Its directory is the listing, and each file is checked against its CRC as it is read.

    Files that cannot be read safely are left out and named: links, encrypted files, files in an unknown compression or
    with a name that leads out of the archive, and files that are far larger than their compressed content.
    """

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

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        return [entry for entry in self._skipped if entry.name.startswith(prefix)]

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
        except (BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
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
        """The files that can be read, sorted by name, without the entries for folders."""
        left_out = {entry.name for entry in self._skipped}
        members = {each.filename: each for each in self._files if printable_name(each.filename) not in left_out}
        return {name: members[name] for name in sorted(members)}

    @cached_property
    def _skipped(self) -> Sequence[SkippedEntry]:
        """The files that cannot be read, each of which is named in the log."""
        found = {printable_name(member.filename): _problem(member) for member in self._files}
        skipped = [SkippedEntry(name, problem) for name, problem in sorted(found.items()) if problem is not None]
        for entry in skipped:
            logger.warning("%s: left out %s, because %s.", self.location, entry.name, entry.reason)
        return skipped

    @property
    def _files(self) -> Sequence[ZipInfo]:
        return [member for member in self._archive.infolist() if not member.is_dir()]

    def _names(self, prefix: str) -> Iterator[str]:
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is not the name of a folder in {self.location}.")
        return (name for name in self._members if name.startswith(prefix))


def _problem(member: ZipInfo) -> str | None:
    """Return why a file is left out, as the end of a sentence; null if it is not."""
    if not is_object_name(member.filename):
        return "its name leads out of the archive, or holds a character that no file's name may have"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "it is a link, and links in archives are not followed"
    if member.flag_bits & 1:
        return "it is encrypted"
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA):
        return f"its compression, number {member.compress_type}, is unknown"
    if member.file_size > max(MAX_BOMB_BYTES, MAX_RATIO * member.compress_size):
        return (
            f"its {member.compress_size:,} bytes would become {member.file_size:,}, more than {MAX_RATIO} times as many"
            f" and more than {MAX_BOMB_BYTES:,}"
        )
    return None


def _stored(member: ZipInfo) -> StoredObject:
    witness = f"size={member.file_size};crc32={member.CRC:08x}"
    return StoredObject(name=member.filename, size=member.file_size, witness=witness, md5=None)
