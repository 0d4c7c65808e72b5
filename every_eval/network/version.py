"""Versions of an object: what a bucket states of it without its content, in a listing and in the headers of answers."""

import binascii
from collections.abc import Mapping

import msgspec

from every_eval.errors import UpstreamMalformed


class Version(msgspec.Struct, frozen=True, omit_defaults=True):
    """Marks that tell one version of an object from another. A mark that is not stated is null."""

    generation: int | None = None
    """Number that Google Cloud Storage changes each time the object is overwritten."""
    md5: str | None = None
    """MD5 of the stored bytes in hexadecimal."""
    size: int | None = None
    """Number of stored bytes."""
    encoding: str | None = None
    """How the stored bytes encode the content, for example `gzip`; null if they are the content."""
    etag: str | None = None
    """The ETag header; null where there is a generation, because listing and headers state different ETags."""
    last_modified: str | None = None
    """The Last-Modified header; null where there is a generation."""

    @property
    def witness(self) -> str:
        """The version as text. Equal versions have equal texts."""
        return msgspec.json.encode(self).decode()

    @property
    def precondition(self) -> dict[str, str]:
        """Request headers that let a server answer for this version only; empty if no mark allows it."""
        if self.generation is not None:
            return {"x-goog-if-generation-match": str(self.generation)}
        return {"If-Match": self.etag} if self.etag and not self.etag.startswith("W/") else {}

    @property
    def negated_precondition(self) -> dict[str, str]:
        """Request headers that let a server answer 304 (Not Modified) for this version; empty if no mark allows it."""
        if self.generation is not None:
            return {"x-goog-if-generation-not-match": str(self.generation)}
        return {"If-None-Match": self.etag} if self.etag else {}

    def differs_from(self, other: "Version") -> bool:
        """Whether both versions state a mark and its values differ. The encoding is no mark."""
        marks = ("generation", "md5", "size", "etag", "last_modified")
        pairs = ((getattr(self, mark), getattr(other, mark)) for mark in marks)
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def version_of_witness(witness: str) -> Version:
    """Return the version with this witness; one without any mark if another kind of storage stated the witness."""
    try:
        return msgspec.json.decode(witness, type=Version)
    except msgspec.DecodeError:
        return Version()


def version_of_headers(headers: Mapping[str, str]) -> Version:
    """Return the version that an answer to GET or HEAD states; the names in `headers` ignore case.

    The names are those of the XML API of Google Cloud Storage, which a bucket's plain URLs speak
    (https://cloud.google.com/storage/docs/xml-api/reference-headers). Other servers send only the standard names.
    """
    hashes = dict(part.strip().split("=", 1) for part in headers.get("x-goog-hash", "").split(",") if "=" in part)
    generation = headers.get("x-goog-generation")
    encoding = headers.get("x-goog-stored-content-encoding") or headers.get("Content-Encoding")
    return Version(
        generation=None if generation is None else int(generation),
        md5=hex_of(hashes.get("md5")),
        size=_size(headers),
        encoding=None if encoding == "identity" else encoding,
        etag=headers.get("ETag") if generation is None else None,
        last_modified=headers.get("Last-Modified") if generation is None else None,
    )


def hex_of(digest: str | None) -> str | None:
    """Return in hexadecimal a digest that is written in base64, as buckets write it."""
    try:
        return None if digest is None else binascii.a2b_base64(digest, strict_mode=True).hex()
    except binascii.Error as error:
        raise UpstreamMalformed(f"{digest!r} is not a digest in base64.") from error


def _size(headers: Mapping[str, str]) -> int | None:
    """Return the size of the whole object, even if the answer is only a part of it."""
    total = headers.get("Content-Range", "").rpartition("/")[2]
    size = headers.get("x-goog-stored-content-length") or total or headers.get("Content-Length")
    return int(size) if size and size.isdecimal() else None
