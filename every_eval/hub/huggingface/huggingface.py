"""The Hugging Face Hub, behind the same interface as the Hub in a folder.

A repo here is a dataset repo. Files whose names begin with a dot are git's and the Hub's own: they are neither listed
nor changed.
"""

import io
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from every_eval.errors import ConfigurationError, HubUnavailable, PublishConflict, TerminalError
from every_eval.hub.digests import Digests
from every_eval.hub.hub import Add, Change, HubFile, Snapshot, Upload
from every_eval.hub.huggingface.access import refusal
from every_eval.hub.huggingface.downloads import Downloads
from every_eval.hub.huggingface.hub_client import Head, HubClient
from every_eval.hub.huggingface.operations import effective, one_of_equals, operations, publish_id
from every_eval.hub.huggingface.ranged import RangedFile
from every_eval.hub.huggingface.uploads import Uploaded, Uploads
from every_eval.hub.paths import check_changes, check_repo, check_tree, is_ours

KEPT_BYTES: Final = 16 << 20
"""Of a file that is kept here when it is published: what the jobs read again is small."""
WHOLE_BYTES: Final = 1 << 20
"""Of a file so small that it is cheaper to fetch all of it, once, than parts of it."""

_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class HuggingFaceSnapshot:
    """A dataset repo as of one commit."""

    commit: str | None
    committed_at: datetime | None
    files: Mapping[str, HubFile]
    _fetch: Callable[[HubFile], Path]
    _open: Callable[[HubFile], io.RawIOBase]

    def fetch(self, path: str) -> Path:
        """See `Snapshot.fetch`; the file's name is its digest, without a suffix."""
        return self._fetch(self._file(path))

    def open(self, path: str) -> io.RawIOBase:
        """See `Snapshot.open`."""
        return self._open(self._file(path))

    def _file(self, path: str) -> HubFile:
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not in commit {self.commit}")
        return self.files[path]


class HuggingFaceHub:
    """The Hub at `endpoint` (null: the client's own default), read and written with `token` (null: read anonymously).

    Downloads are kept in the folder `cache`; `sleep` waits for so many seconds before a call is repeated. Beyond what
    `Hub` says, every call raises `ConfigurationError` where the Hub refuses the token.
    """

    def __init__(
        self, token: str | None, endpoint: str | None, cache: Path, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Send nothing."""
        token = token.strip() if token else None
        if token and not _TOKEN.fullmatch(token):
            raise ConfigurationError("HF_TOKEN holds characters that no token has")
        self._has_token = bool(token)
        self._client = HubClient(token or None, endpoint, sleep)
        self._downloads = Downloads(cache.absolute())
        self._newest: dict[str, HuggingFaceSnapshot] = {}
        self._uploaded: dict[tuple[str, str | None], Mapping[Add, Uploaded]] = {}
        """What has been sent for the next commit on a commit of a repo."""

    def snapshot(self, repo: str) -> HuggingFaceSnapshot:
        """See `Hub.snapshot`."""
        check_repo(repo)
        head = self._client.head(repo)
        if head is None:
            return self._show(repo, None, [])
        if (known := self._newest.get(repo)) and known.commit == head.commit:
            return known
        return self._show(repo, head, self._client.files(repo, head.commit))

    def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> HuggingFaceSnapshot:
        """See `Hub.commit`; the commit is made once, whatever answers get lost."""
        check_changes(changes)
        head = self.snapshot(repo)
        if head.commit != parent:
            raise PublishConflict(f"planned on {parent}, but the head is {head.commit}")
        uploaded = self._uploaded.pop((repo, parent), {})
        added = effective(head.files, changes, uploaded)
        deleted = {change.path for change in changes if not isinstance(change, Add)} & head.files.keys()
        if not added and not deleted:
            return head
        kept = [file for path, file in head.files.items() if path not in deleted and path not in added]
        check_tree([*(file.path for file in kept), *added])
        made_on = parent or self._create(repo)
        wanted = operations(changes, added, deleted, uploaded)
        if twins := one_of_equals(wanted, added):
            self._client.upload(repo, twins)  # The client would send each of them.
        commit = self._client.commit(
            repo, wanted, title=title, publish_id=publish_id(parent, title, added, deleted), parent=made_on
        )
        landed = self._landed(repo, commit, added)
        for change in changes:
            if isinstance(change, Add) and change.path in landed and landed[change.path].size <= KEPT_BYTES:
                self._downloads.keep(landed[change.path], change.content)
        return self._show(repo, self._client.head(repo, commit), [*kept, *landed.values()])

    @contextmanager
    def uploading(self, repo: str, head: Snapshot) -> Iterator[Upload]:
        """See `Hub.uploading`."""
        self._uploaded.clear()
        if head.commit is None:
            yield lambda _: None  # There is no repo yet that could take anything.
            return
        with Uploads(partial(self._client.upload, repo), head.files) as uploads:
            yield uploads.begin
        # On another head, the client would not see what has become of a file meanwhile.
        self._uploaded[repo, head.commit] = uploads.arrived

    def check_access(self, repo: str) -> None:
        """See `Hub.check_access`."""
        check_repo(repo)
        advice = f"make a token that may write there at {self._client.endpoint}/settings/tokens, or name another repo"
        if not self._has_token:
            raise ConfigurationError(f"HF_TOKEN is not set, and {repo} cannot be written to without: {advice}")
        if reason := refusal(self._client.whoami(), repo):
            raise ConfigurationError(f"HF_TOKEN may not write to {repo}: {reason}; {advice}")

    def location(self, repo: str, path: str = "") -> str:
        """See `Hub.location`."""
        check_repo(repo)
        return f"{self._client.endpoint}/datasets/{repo}" + (f"/blob/main/{path}" if path else "")

    def _create(self, repo: str) -> str:
        """The first commit of a new repo, which the Hub makes itself."""
        self._client.create(repo)
        made = self.snapshot(repo)
        if made.commit is None:
            raise HubUnavailable(f"{repo} was created, but cannot be seen")
        if made.files:
            raise PublishConflict(f"{repo}: somebody else has created it")
        return made.commit

    def _landed(self, repo: str, commit: str, added: Mapping[str, Digests]) -> dict[str, HubFile]:
        found = {file.path: file for file in self._client.files_at(repo, commit, sorted(added))}
        right = {path for path, file in found.items() if added[path].match(file)}
        if missing := sorted(added.keys() - right):
            raise TerminalError(f"{repo}: commit {commit} has not all files, does a .gitignore exclude {missing[0]}?")
        return found

    def _show(self, repo: str, head: Head | None, files: Sequence[HubFile]) -> HuggingFaceSnapshot:
        commit = head.commit if head else None
        by_path = {file.path: file for file in sorted(files, key=lambda file: file.path) if is_ours(file.path)}
        snapshot = HuggingFaceSnapshot(
            commit,
            head.committed_at if head else None,
            MappingProxyType(by_path),
            partial(self._fetch, repo, commit or ""),
            partial(self._open, repo, commit or ""),
        )
        self._newest[repo] = snapshot
        return snapshot

    def _fetch(self, repo: str, commit: str, file: HubFile) -> Path:
        return self._downloads.fetch(file, partial(self._client.download, repo, commit, file.path))

    def _open(self, repo: str, commit: str, file: HubFile) -> io.RawIOBase:
        if file.size <= WHOLE_BYTES:
            return io.FileIO(self._fetch(repo, commit, file))
        if here := self._downloads.find(file):
            return io.FileIO(here)
        return RangedFile(file.size, partial(self._client.read_range, repo, commit, file.path))
