"""Commits and contents, as the Hub of the tests keeps them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Blob:
    """The content of a file. The Hub identifies a large file by its SHA-256, and a small file by git's object id."""

    content: bytes
    is_large: bool

    @property
    def blob_id(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.is_large else self.blob_id


@dataclass(frozen=True)
class Commit:
    """One commit, with all of its files."""

    title: str
    message: str
    date: datetime
    files: dict[str, Blob]
    parent: str | None

    @property
    def id(self) -> str:
        names = sorted((path, blob.sha256) for path, blob in self.files.items())
        return hashlib.sha1(repr((self.title, self.message, self.date, self.parent, names)).encode()).hexdigest()
