"""The interface of a Hub: a place that holds repos of published datasets, in a folder or on the Hugging Face Hub.

A repo's name is `owner/name` for a dataset and `spaces/owner/name` for a Space, a page that the Hub serves.

A repo is a list of commits, and each commit is a complete set of files. A reader pins a commit and sees all of its
files. A writer plans changes on a commit and overwrites no rival's work, because a commit succeeds only if the head is
still the commit that the changes were planned on.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from every_eval.errors import PublishConflict


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a commit."""

    path: str
    """Path relative to the repo, with forward slashes."""
    size: int
    """Size of the content, in bytes."""
    digest: str
    """Digest of the content: files with equal digests have equal bytes."""


@dataclass(frozen=True, slots=True)
class Add:
    """Add a file at `path`, or replace the file there."""

    path: str
    content: bytes | Path
    """The bytes, or a local file with the bytes, which must not change before the commit has returned."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the file at `path`; no error if there is none."""

    path: str


Change = Add | Delete

Upload = Callable[[Sequence[Add]], None]
"""Begins to upload files that a commit will add, and returns at once."""


class Snapshot(Protocol):
    """A repo as of one commit. Later commits do not change a snapshot."""

    @property
    def commit(self) -> str | None:
        """Id of the commit; null for a repo without commits."""

    @property
    def committed_at(self) -> datetime | None:
        """Time of the commit, in UTC; null for a repo without commits."""

    @property
    def files(self) -> Mapping[str, HubFile]:
        """Every file of the commit, by path, sorted by path."""

    def fetch(self, path: str) -> Path:
        """Return a local file with the content of `path`, for reading only.

        The local file's name is the digest of the content, without a suffix.

        Raises:
            FileNotFoundError: the commit has no such file.
            HubUnavailable: the content could not be read completely, or its digest was wrong.
        """

    def open(self, path: str) -> BinaryIO:
        """Open the file at `path` for reading and seeking, without downloading all of a large file.

        Use `open` for the footer or for some columns of a large file; `pyarrow` reads what it returns like any file.
        All parts belong to one content, since a commit never changes. But a part cannot be compared with the digest,
        which is that of the whole file: read what will be published again with `fetch`, or with pyarrow's
        `page_checksum_verification`.

        Raises:
            FileNotFoundError: the commit has no such file.
            HubUnavailable: raised here or when the file is read: the content could not be read.
        """


class Hub(Protocol):
    """A place that holds repos, named `owner/name` or, if they are Spaces, `spaces/owner/name`."""

    def snapshot(self, repo: str) -> Snapshot:
        """Return the newest commit; an empty snapshot if the repo does not exist."""

    def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> Snapshot:
        """Make all of `changes`, or none, and create the repo if the repo does not exist.

        `parent` is the commit that the changes were planned on (null: a repo without commits). If the changes change
        nothing, no commit is made and the head is returned.

        Raises:
            PublishConflict: the head is no longer `parent`; nothing was changed.
            HubUnavailable: the Hub did not accept the commit; nothing was changed.
        """

    def uploading(self, repo: str, head: Snapshot) -> AbstractContextManager[Upload]:
        """Upload files before the commit on `head` that adds the files, while other files are being written.

        The commit uploads whatever has not arrived at the end of the context. Nobody sees an uploaded file before its
        commit, and a file that is never committed is never seen.
        """

    def check_access(self, repo: str) -> None:
        """Check, without writing anything, that the repo can be written to.

        Raises:
            ConfigurationError: the repo cannot be written to; the message says why, and what to do.
            HubUnavailable: the Hub did not answer.
        """

    def location(self, repo: str, path: str = "") -> str:
        """Return where people find the repo, or a file of the repo: an absolute path or a URL."""

    def read_address(self, repo: str, commit: str | None, page: str) -> str:
        """Return the address, up to a slash, from which a web page in the repo `page` reads the files of a commit.

        The address is relative to the page where both are served from one folder, which shows the newest commit alone.
        """

    def connect_sources(self) -> Sequence[str]:
        """Return the other hosts that such a page reads from, in the form of a Content-Security-Policy."""


def publish(
    hub: Hub, repo: str, title: str, plan: Callable[[Snapshot], Sequence[Change]], *, attempts: int = 20
) -> Snapshot:
    """Commit the changes that `plan` returns for the head; plan again whenever somebody else has committed first.

    Raises:
        PublishConflict: somebody else committed first, `attempts` times in a row.
    """
    for _ in range(attempts - 1):
        head = hub.snapshot(repo)
        try:
            return hub.commit(repo, plan(head), title=title, parent=head.commit)
        except PublishConflict:
            continue
    head = hub.snapshot(repo)
    return hub.commit(repo, plan(head), title=title, parent=head.commit)
