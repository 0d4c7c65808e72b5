"""The Hugging Face Hub, behind the same interface as the Hub in a folder.

A repo here is a dataset repo. Files whose names begin with a dot are git's and the Hub's own: they are neither listed
nor changed.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from every_eval.errors import ConfigurationError, HubUnavailable, PublishConflict, TerminalError
from every_eval.hub.access import refusal
from every_eval.hub.client import Head, HubClient, Operation
from every_eval.hub.digests import Digests, digests
from every_eval.hub.downloads import Downloads
from every_eval.hub.hub import Add, Change, HubFile
from every_eval.hub.paths import check_changes, check_repo, check_tree, is_ours

_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class HuggingFaceSnapshot:
    """A dataset repo as of one commit."""

    commit: str | None
    committed_at: datetime | None
    files: Mapping[str, HubFile]
    _read: Callable[[HubFile], Path]

    def fetch(self, path: str) -> Path:
        """See `Snapshot.fetch`; the file's name is its digest, without a suffix."""
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not in commit {self.commit}")
        return self._read(self.files[path])


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
        added = _effective(head.files, changes)
        deleted = {change.path for change in changes if not isinstance(change, Add)} & head.files.keys()
        if not added and not deleted:
            return head
        kept = [file for path, file in head.files.items() if path not in deleted and path not in added]
        check_tree([*(file.path for file in kept), *added])
        commit = self._client.commit(
            repo,
            _operations(changes, added, deleted),
            title=title,
            publish_id=_publish_id(parent, title, added, deleted),
            parent=parent or self._create(repo),
        )
        return self._show(repo, self._client.head(repo, commit), [*kept, *self._landed(repo, commit, added)])

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

    def _landed(self, repo: str, commit: str, added: Mapping[str, Digests]) -> list[HubFile]:
        found = self._client.files_at(repo, commit, sorted(added))
        right = {file.path for file in found if added[file.path].match(file)}
        if missing := sorted(added.keys() - right):
            raise TerminalError(f"{repo}: commit {commit} has not all files, does a .gitignore exclude {missing[0]}?")
        return found

    def _show(self, repo: str, head: Head | None, files: Sequence[HubFile]) -> HuggingFaceSnapshot:
        commit = head.commit if head else None
        by_path = {file.path: file for file in sorted(files, key=lambda file: file.path) if is_ours(file.path)}
        read = partial(self._read, repo, commit or "")
        snapshot = HuggingFaceSnapshot(commit, head.committed_at if head else None, MappingProxyType(by_path), read)
        self._newest[repo] = snapshot
        return snapshot

    def _read(self, repo: str, commit: str, file: HubFile) -> Path:
        return self._downloads.fetch(file, partial(self._client.download, repo, commit, file.path))


def _effective(files: Mapping[str, HubFile], changes: Sequence[Change]) -> dict[str, Digests]:
    """The added contents that differ from what is there, by path."""
    added = {change.path: digests(change.content) for change in changes if isinstance(change, Add)}
    return {path: new for path, new in added.items() if path not in files or not new.match(files[path])}


def _operations(changes: Sequence[Change], added: Mapping[str, Digests], deleted: set[str]) -> list[Operation]:
    contents = {change.path: change.content for change in changes if isinstance(change, Add)}
    deletions: list[Operation] = [CommitOperationDelete(path, is_folder=False) for path in sorted(deleted)]
    return deletions + [CommitOperationAdd(path, contents[path]) for path in sorted(added)]


def _publish_id(parent: str | None, title: str, added: Mapping[str, Digests], deleted: set[str]) -> str:
    """Identifies a commit by what it does: a rival's with the same id is the same commit."""
    what = [parent, title, {path: content.sha256 for path, content in added.items()}, sorted(deleted)]
    return f"publish-id: {hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()}"
