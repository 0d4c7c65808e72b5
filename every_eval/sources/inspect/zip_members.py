"""Read single members of the zip file that an `.eval` log is: only the bytes of these members are fetched.

Python's `zipfile` reads the directory, but inflates method 93 (Zstandard) only from Python 3.14 on. Inspect writes
deflate up to 0.3.205 and Zstandard from 0.3.206 on, several frames one after the other for large members. `zstandard`
takes half the time of `pyarrow` for a single frame, and `pyarrow` inflates several. Member names can occur twice, if a
sample was run again: the last entry of the directory is the valid one.
"""

import struct
import zlib
from collections.abc import Mapping
from functools import cached_property
from typing import IO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

import pyarrow as pa
from zstandard import ZstdDecompressor, ZstdError, frame_content_size

from every_eval.contracts.rejects import Reason
from every_eval.sources.source import Reject

_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_SIGNATURE: Final = b"PK\x03\x04"
_WINDOW_BYTES: Final = 1 << 16
_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_IS_ENCRYPTED: Final = 1
_SEVERAL_FRAMES: Final = pa.Codec("zstd")


class ZipMembers:
    """Members of a zip file, by name."""

    def __init__(self, file: IO[bytes], name: str, infos: Mapping[str, ZipInfo]) -> None:
        """Read from the seekable `file`, whose name is `name`."""
        self._file = file
        self.name = name
        self.infos = infos
        """Valid directory entry of each member, in the order of the directory."""
        self._single_frame = ZstdDecompressor()  # Threads must not share it.
        self._window, self._window_start = memoryview(b""), 0

    @cached_property
    def by_folder(self) -> Mapping[str, list[str]]:
        """Names of the members in each folder, without the folder."""
        found: dict[str, list[str]] = {}
        for name in self.infos:
            folder, _, file = name.rpartition("/")
            found.setdefault(folder, []).append(file)
        return found

    @classmethod
    def open(cls, file: IO[bytes], name: str) -> "ZipMembers | Reject":
        """Read the directory of a zip file; without a readable directory, the file is a reject."""
        try:
            with ZipFile(file) as archive:
                infos = {info.filename: info for info in archive.infolist()}
        except (BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            detail = f"the zip file has no readable directory, as if it was cut off while it was written: {error}"
            return Reject(Reason.NOT_JSON, detail, name)
        return cls(file, name, infos)

    def read(self, member: str) -> bytes | Reject:
        """Return the content of a member; a member that is damaged, or compressed in an unknown way, is a reject."""
        info = self.infos[member]
        if info.flag_bits & _IS_ENCRYPTED or info.compress_type not in (_STORED, _DEFLATED, _ZSTANDARD):
            detail = f"compression method {info.compress_type} of zip, or an encryption, that every_eval cannot read"
            return Reject(Reason.UNEXPECTED_SHAPE, detail, self.name, member)
        try:
            content = self._inflate(self._compressed(info), info)
        except (zlib.error, ZstdError, OSError, struct.error) as error:
            return Reject(Reason.NOT_JSON, f"the member is damaged: {error}", self.name, member)
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            return Reject(Reason.NOT_JSON, "the member is damaged: its checksum differs", self.name, member)
        return content

    def _compressed(self, info: ZipInfo) -> memoryview:
        """Return the compressed bytes of a member. One read is enough, unless the member's header is unusually long."""
        n_expected = _LOCAL_HEADER.size + len(info.orig_filename) + len(info.extra) + info.compress_size
        raw = self._bytes(info.header_offset, n_expected)
        signature, n_name, n_extra = _LOCAL_HEADER.unpack_from(raw)
        if signature != _SIGNATURE:
            raise zlib.error("the directory points to no member")
        start = _LOCAL_HEADER.size + n_name + n_extra
        end = start + info.compress_size
        if end > len(raw):
            raw = self._bytes(info.header_offset, end)
        return raw[start:end]

    def _bytes(self, start: int, size: int) -> memoryview:
        """Return bytes of the file; small members that follow each other are read together."""
        at = start - self._window_start
        if at < 0 or at + size > len(self._window):
            self._window = memoryview(b"")  # Before more is read, for the sake of memory.
            self._file.seek(start)
            self._window_start, at = start, 0
            self._window = memoryview(self._file.read(max(size, _WINDOW_BYTES)))
        return self._window[at : at + size]

    def _inflate(self, raw: memoryview, info: ZipInfo) -> bytes:
        """Return the decompressed content of a member, and stop at the size that the directory states."""
        if info.compress_type == _STORED:
            return bytes(raw)
        if info.compress_type == _DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, info.file_size + 1)
        if frame_content_size(raw) == info.file_size:
            return self._single_frame.decompress(raw)
        inflated: bytes = _SEVERAL_FRAMES.decompress(raw, decompressed_size=info.file_size, asbytes=True)
        return inflated
