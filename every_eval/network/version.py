"""What a bucket says of an object without its content: in its listing, and in the headers of its answers."""

import binascii
from collections.abc import Mapping

import msgspec

from every_eval.errors import UpstreamMalformed


class Version(msgspec.Struct, frozen=True, omit_defaults=True):
    """Marks by which one content of an object is told from another; null where it is not stated."""

    generation: int | None = None
    """Google Cloud Storage's number, another one after each overwriting."""
    md5: str | None = None
    """Of the bytes as stored, in hexadecimal."""
    size: int | None = None
    """Of the bytes as stored."""
    encoding: str | None = None
    """How the bytes as stored encode the content; null if they are the content."""
    etag: str | None = None
    """Only where there is no generation, since listing and answers do not agree on it."""
    last_modified: str | None = None
    """As `etag`."""

    @property
    def witness(self) -> str:
        """As text; equal for equal versions."""
        return msgspec.json.encode(self).decode()

    @property
    def precondition(self) -> dict[str, str]:
        """Request headers that let a server answer for no other version; none if it has no mark for that."""
        if self.generation is not None:
            return {"x-goog-if-generation-match": str(self.generation)}
        return {"If-Match": self.etag} if self.etag and not self.etag.startswith("W/") else {}

    def differs_from(self, other: "Version") -> bool:
        """Whether any mark that both state is another one; how the bytes are encoded is none."""
        marks = ("generation", "md5", "size", "etag", "last_modified")
        pairs = ((getattr(self, mark), getattr(other, mark)) for mark in marks)
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def version_of_witness(witness: str) -> Version:
    """The version whose witness this is; one without any mark if another kind of storage has stated it."""
    try:
        return msgspec.json.decode(witness, type=Version)
    except msgspec.DecodeError:
        return Version()


def version_of_headers(headers: Mapping[str, str]) -> Version:
    """The version that an answer to GET or HEAD carries; `headers` disregard case.

    The names are those of the XML API of Google Cloud Storage, which is what the bucket's plain URLs speak
    (https://cloud.google.com/storage/docs/xml-api/reference-headers); other servers send the standard ones alone.
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
    """A digest in base64, as buckets write it, in hexadecimal."""
    try:
        return None if digest is None else binascii.a2b_base64(digest, strict_mode=True).hex()
    except binascii.Error as error:
        raise UpstreamMalformed(f"{digest!r} is no digest in base64") from error


def _size(headers: Mapping[str, str]) -> int | None:
    """Of the whole object, also where the answer is a part of it."""
    total = headers.get("Content-Range", "").rpartition("/")[2]
    size = headers.get("x-goog-stored-content-length") or total or headers.get("Content-Length")
    return int(size) if size and size.isdecimal() else None
