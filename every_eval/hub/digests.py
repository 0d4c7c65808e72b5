"""The digests by which the Hub identifies a content: the SHA-256 of a large file, git's object id of a small file."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from every_eval.hub.hub import HubFile

_CHUNK_BYTES = 1 << 20
_SHA256_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Digests:
    """The size of one content in bytes, and its digests in hexadecimal."""

    size: int
    sha256: str
    blob_oid: str
    """Git's id of the content: the SHA-1 of `blob SIZE\\0` and the content."""

    def match(self, file: HubFile) -> bool:
        """Return whether `file` has this content."""
        return file.size == self.size and file.digest in (self.sha256, self.blob_oid)


@dataclass
class VerifiedFiles:
    """Local files whose contents were compared with their digests. A file is read again only after it has changed."""

    _seen: set[tuple[str, int]] = field(default_factory=set)
    """Digests of the files, each with the file's modification time when it was read, in nanoseconds."""

    def has_content(self, path: Path, file: HubFile) -> bool:
        """Return whether the local file at `path` exists and has the content of `file`."""
        if not path.exists() or (status := path.stat()).st_size != file.size:
            return False
        seen = (file.digest, status.st_mtime_ns)
        if seen not in self._seen and _digest_like(file.digest, path) == file.digest:
            self._seen.add(seen)
        return seen in self._seen


def digests(content: bytes | Path) -> Digests:
    """Return the digests of `content`. A file is read once."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    sha256, blob_oid = hashlib.sha256(), _blob_hash(size)
    if isinstance(content, bytes):
        sha256.update(content)
        blob_oid.update(content)
    else:
        with content.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                sha256.update(chunk)
                blob_oid.update(chunk)
    return Digests(size, sha256.hexdigest(), blob_oid.hexdigest())


def _digest_like(digest: str, path: Path) -> str:
    """Return the digest of a local file, of the same kind as `digest`."""
    with path.open("rb") as stream:
        if len(digest) == _SHA256_CHARACTERS:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        return hashlib.file_digest(stream, lambda: _blob_hash(path.stat().st_size)).hexdigest()


def _blob_hash(size: int) -> "hashlib._Hash":
    """Return the hash of a git blob of `size` bytes, before its content."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
