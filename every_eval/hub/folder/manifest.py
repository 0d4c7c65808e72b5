"""The manifest of a commit in a folder Hub: its parent, title and time, and every file with its digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import msgspec

from every_eval.hub.hub import HubFile


@dataclass(frozen=True)
class Manifest:
    """One commit, with all of its files sorted by path."""

    parent: str | None
    title: str
    committed_at: datetime
    files: tuple[HubFile, ...]

    @cached_property
    def encoded(self) -> bytes:
        """Manifest as JSON."""
        return msgspec.json.encode(
            {"parent": self.parent, "title": self.title, "committed_at": self.committed_at, "files": self.files}
        )

    @cached_property
    def commit(self) -> str:
        """Id of the commit: the SHA-256 of `encoded`, in hexadecimal."""
        return hashlib.sha256(self.encoded).hexdigest()

    @cached_property
    def by_path(self) -> Mapping[str, HubFile]:
        """Files by path, sorted by path."""
        return {file.path: file for file in self.files}


def decode(encoded: bytes, commit: str) -> Manifest:
    """Return the manifest of `commit`.

    Raises:
        ValueError: `encoded` is not the manifest that was written for that commit.
    """
    if hashlib.sha256(encoded).hexdigest() != commit:
        raise ValueError("the manifest is damaged")
    return msgspec.json.decode(encoded, type=Manifest)
