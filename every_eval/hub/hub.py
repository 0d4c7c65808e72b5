"""Where datasets live: what the folder and the Hugging Face Hub have in common.

A repo is a list of commits, each a complete set of files. Readers pin a commit and see all of it; writers
plan their changes on a commit and lose nothing to a rival, because a commit lands only on the head it was
planned on.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from every_eval.errors import PublishConflict


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a commit."""

    path: str
    """Relative to the repo, with forward slashes."""
    size: int
    """In bytes."""
    digest: str
    """Of the content: equal digests mean equal bytes."""


@dataclass(frozen=True, slots=True)
class Add:
    """Put a file at `path`, replacing what is there."""

    path: str
    content: bytes | Path
    """The bytes, or a local file that holds them and stays unchanged until the commit has returned."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the file at `path`; no error if there is none."""

    path: str


Change = Add | Delete

Upload = Callable[[Sequence[Add]], None]
"""Takes files that a commit will add, and returns at once."""


class Snapshot(Protocol):
    """A repo as of one commit; later commits do not show."""

    @property
    def commit(self) -> str | None:
        """Identifies the commit; null for a repo without one."""

    @property
    def committed_at(self) -> datetime | None:
        """When the commit was made, in UTC; null for a repo without one."""

    @property
    def files(self) -> Mapping[str, HubFile]:
        """Every file of the commit, by path, sorted."""

    def fetch(self, path: str) -> Path:
        """A local file with the content of `path`, to be read and not written.

        Raises:
            FileNotFoundError: the commit has no such file.
            HubUnavailable: the content could not be had, completely and unchanged.
        """

    def open(self, path: str) -> io.RawIOBase:
        """The file at `path`, to seek and read in; of a large one elsewhere, only the parts that are read are fetched.

        It is for a footer, or some columns, of a large file; `pyarrow` reads it as it reads any file. A commit never
        changes, so all parts are of one content. But a part cannot be held against the digest, which is the whole
        file's: what is published again must come from `fetch`, which checks, or be read with
        `page_checksum_verification`.

        Raises:
            FileNotFoundError: the commit has no such file.
            HubUnavailable: from here, or from what reads in it: the content could not be had.
        """


class Hub(Protocol):
    """A place that holds repos, named `owner/name`."""

    def snapshot(self, repo: str) -> Snapshot:
        """The newest commit; an empty snapshot if the repo does not exist."""

    def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> Snapshot:
        """Make all of `changes`, or none, creating the repo where missing.

        `parent` is the commit that the changes were planned on (null: a repo without commits). Where they change
        nothing, no commit is made and the head is returned.

        Raises:
            PublishConflict: the head is no longer `parent`; nothing was changed.
            HubUnavailable: the Hub did not take the commit; nothing was changed.
        """

    def uploading(self, repo: str, head: Snapshot) -> AbstractContextManager[Upload]:
        """Take files to the Hub before the commit on `head` that adds them, while others are being made.

        What has not arrived at the end of the context, for whatever reason, is taken there by the commit. Until then
        nobody sees any of it, and what is never committed is nowhere.
        """

    def check_access(self, repo: str) -> None:
        """Find out, writing nothing, whether the repo can be written to.

        Raises:
            ConfigurationError: it cannot; the message says why, and what to do.
            HubUnavailable: the Hub did not answer.
        """

    def location(self, repo: str, path: str = "") -> str:
        """Where people find the repo, or a file of it: an absolute path or a URL."""


def publish(
    hub: Hub, repo: str, title: str, plan: Callable[[Snapshot], Sequence[Change]], *, attempts: int = 20
) -> Snapshot:
    """Commit what `plan` says of the head, planning again whenever a rival was faster.

    Raises:
        PublishConflict: rivals were faster `attempts` times in a row.
    """
    for _ in range(attempts - 1):
        head = hub.snapshot(repo)
        try:
            return hub.commit(repo, plan(head), title=title, parent=head.commit)
        except PublishConflict:
            continue
    head = hub.snapshot(repo)
    return hub.commit(repo, plan(head), title=title, parent=head.commit)
