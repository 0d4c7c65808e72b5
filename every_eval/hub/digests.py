"""What the Hub knows a content by: the SHA-256 of a large file, git's object id of a small one."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from every_eval.hub.hub import HubFile

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Digests:
    """The size in bytes and the digests of one content, in hexadecimal."""

    size: int
    sha256: str
    blob_oid: str
    """SHA-1 of `blob SIZE\\0` and the content, as git names it."""

    def match(self, file: HubFile) -> bool:
        """Whether `file` has this content."""
        return file.size == self.size and file.digest in (self.sha256, self.blob_oid)


def digests(content: bytes | Path) -> Digests:
    """The digests of `content`, a file being read once."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    sha256, blob_oid = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    if isinstance(content, bytes):
        sha256.update(content)
        blob_oid.update(content)
    else:
        with content.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                sha256.update(chunk)
                blob_oid.update(chunk)
    return Digests(size, sha256.hexdigest(), blob_oid.hexdigest())
