"""What a commit of a folder Hub is: who came before it, and every file, by the digest of its content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import msgspec

from every_eval.hub.hub import HubFile


@dataclass(frozen=True)
class Manifest:
    """A commit, and all of its files sorted by path."""

    parent: str | None
    title: str
    committed_at: datetime
    files: tuple[HubFile, ...]

    @cached_property
    def encoded(self) -> bytes:
        """The manifest as JSON."""
        return msgspec.json.encode(
            {"parent": self.parent, "title": self.title, "committed_at": self.committed_at, "files": self.files}
        )

    @cached_property
    def commit(self) -> str:
        """The commit's name: the SHA-256 of its manifest as encoded, in hexadecimal."""
        return hashlib.sha256(self.encoded).hexdigest()

    @cached_property
    def by_path(self) -> Mapping[str, HubFile]:
        """The files by their path, sorted."""
        return {file.path: file for file in self.files}


def decode(encoded: bytes, commit: str) -> Manifest:
    """The manifest of `commit`.

    Raises:
        ValueError: `encoded` is not what was committed under that name.
    """
    if hashlib.sha256(encoded).hexdigest() != commit:
        raise ValueError(f"the manifest of {commit} is damaged")
    return msgspec.json.decode(encoded, type=Manifest)
