"""The Hugging Face Hub, behind the same interface as the Hub in a folder.

A repo here is a dataset repo or, if its name begins with `spaces/`, a Space of static files. Files whose names begin
with a dot belong to git and to the Hub itself: they are neither listed nor changed.
"""

import io
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from every_eval.errors import ConfigurationError, HubUnavailable, PublishConflict, TerminalError
from every_eval.hub.digests import Digests
from every_eval.hub.hub import Add, Change, HubFile, Snapshot, Upload
from every_eval.hub.huggingface.access import reason_against_writing
from every_eval.hub.huggingface.download_cache import DownloadCache
from every_eval.hub.huggingface.early_uploads import EarlyUploads, Uploaded
from every_eval.hub.huggingface.hub_client import CommitInfo, HubClient
from every_eval.hub.huggingface.operations import changed_contents, commit_operations, one_per_content, publish_id
from every_eval.hub.paths import check_changes, check_repo, check_tree, is_ours, repo_id, repo_type
from every_eval.network.ranged_file import RangedFile
from every_eval.network.retries import RetryPolicy

KEPT_BYTES: Final = 16 << 20
"""Size, in bytes, up to which a published file is kept in the cache: what the jobs read again is small."""
WHOLE_BYTES: Final = 1 << 20
"""Size, in bytes, up to which a file is downloaded whole even if somebody reads only parts of the file."""
REDIRECT_HOSTS: Final = ("https://*.huggingface.co", "https://*.hf.co")
"""Hosts of the Hub's content delivery networks, to which the Hub redirects requests for large files."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})

MAX_LISTINGS: Final = 5
"""Most listings of one commit, if something speaks against each of them and no two agree."""

_TOKEN = re.compile(r"[!-~]+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HuggingFaceSnapshot:
    """A repo as of one commit."""

    commit: str | None
    committed_at: datetime | None
    files: Mapping[str, HubFile]
    _fetch: Callable[[HubFile], Path]
    _open: Callable[[HubFile], BinaryIO]

    def fetch(self, path: str) -> Path:
        return self._fetch(self._file(path))

    def open(self, path: str) -> BinaryIO:
        return self._open(self._file(path))

    def _file(self, path: str) -> HubFile:
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not in commit {self.commit}")
        return self.files[path]


Doubt = Callable[[str, Snapshot], str | None]
"""Says by the contents of a repo (its name, and a snapshot) why its listing cannot be complete; null if it can be."""


class HuggingFaceHub:
    """The Hub at `endpoint` (null: the client's own default), read and written with `token` (null: read anonymously).

    The folder `cache` keeps downloads; `sleep` waits for so many seconds before another attempt; `doubt` is asked about
    each listing. Beyond what `Hub` says, every call raises `ConfigurationError` if the Hub rejects the token, or if the
    address is wrong.
    """

    def __init__(
        self,
        token: str | None,
        endpoint: str | None,
        cache: Path,
        sleep: Callable[[float], None] = time.sleep,
        doubt: Doubt = lambda _repo, _snapshot: None,
    ) -> None:
        """Send nothing."""
        token = token.strip() if token else None
        if token and not _TOKEN.fullmatch(token):
            raise ConfigurationError("HF_TOKEN holds characters that no token has. Copy the token again.")
        self._has_token = bool(token)
        self._client = HubClient(token or None, endpoint, RetryPolicy(sleep=sleep))
        self._cache = DownloadCache(cache.absolute())
        self._doubt = doubt
        self._newest: dict[str, HuggingFaceSnapshot] = {}
        self._made: dict[str, tuple[str, str]] = {}
        """The last commit that this process made in each repo, and the commit's parent."""
        self._uploaded: dict[tuple[str, str | None], Mapping[Add, Uploaded]] = {}
        """Files uploaded for the next commit, by the repo and the commit that the next commit is planned on."""

    def snapshot(self, repo: str) -> HuggingFaceSnapshot:
        check_repo(repo)
        head = self._head(repo)
        if head is None:
            return self._show(repo, None, [])
        if (known := self._newest.get(repo)) and known.commit == head.commit:
            return known
        return self._listed(repo, head)

    def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> HuggingFaceSnapshot:
        check_changes(changes)
        head = self.snapshot(repo)
        if head.commit != parent:
            raise PublishConflict(f"The commit to {repo} was planned on {parent}, but the head is {head.commit}.")
        uploaded = self._uploaded.pop((repo, parent), {})
        added = changed_contents(head.files, changes, uploaded)
        deleted = {change.path for change in changes if not isinstance(change, Add)} & head.files.keys()
        if not added and not deleted:
            return head
        kept = [file for path, file in head.files.items() if path not in deleted and path not in added]
        check_tree([*(file.path for file in kept), *added])
        if parent is None:
            parent, template = self._create(repo)
            deleted = template - added.keys()
        operations = commit_operations(changes, added, deleted, uploaded)
        if additions := one_per_content(operations, added):
            self._client.upload(repo, additions)
        commit = self._client.commit(
            repo, operations, title=title, publish_id=publish_id(parent, title, added, deleted), parent=parent
        )
        published = self._published(repo, commit, added)
        for change in changes:
            if isinstance(change, Add) and change.path in published and published[change.path].size <= KEPT_BYTES:
                self._cache.keep(published[change.path], change.content)
        self._made[repo] = commit, parent
        self._head(repo)
        return self._show(repo, self._client.commit_info(repo, commit), [*kept, *published.values()])

    @contextmanager
    def uploading(self, repo: str, head: Snapshot) -> Iterator[Upload]:
        self._uploaded.clear()
        if head.commit is None:
            yield lambda _: None  # No repo exists yet to upload to.
            return
        with EarlyUploads(partial(self._client.upload_once, repo), head.files) as uploads:
            yield uploads.begin
        # On another head, an uploaded file may have been committed and deleted again without the client noticing.
        self._uploaded[repo, head.commit] = uploads.arrived

    def check_access(self, repo: str) -> None:
        check_repo(repo)
        if not self._has_token:
            raise self._client.explainer.token_missing(repo)
        if reason := reason_against_writing(self._client.whoami(), repo_id(repo)):
            raise self._client.explainer.token_insufficient(repo, reason)

    def location(self, repo: str, path: str = "") -> str:
        check_repo(repo)
        folder = "spaces" if repo_type(repo) == "space" else "datasets"
        return f"{self._client.endpoint}/{folder}/{repo_id(repo)}" + (f"/blob/main/{path}" if path else "")

    def read_address(self, repo: str, commit: str | None, page: str) -> str:  # noqa: ARG002 - as `Hub` has it
        return f"{self._client.endpoint}/datasets/{repo}/resolve/{commit or 'main'}/"

    def connect_sources(self) -> Sequence[str]:
        parts = urlsplit(self._client.endpoint)
        # A Hub for development can serve large files from the same machine under another name.
        own = ["http://localhost:*"] if parts.hostname in LOOPBACK else []
        return [f"{parts.scheme}://{parts.netloc}", *own, *REDIRECT_HOSTS]

    def _head(self, repo: str) -> CommitInfo | None:
        """Return the newest commit. Wait while the Hub answers with a commit older than the last one made here.

        Not every server of the Hub knows a new commit at once. Whoever took an older head for the newest commit would
        find that nothing is to be done.
        """
        if repo not in self._made:
            return self._client.head(repo)
        made, parent = self._made[repo]

        def look() -> CommitInfo | None:
            head = self._client.head(repo)
            if head is None or head.commit == parent:
                return None
            return head if head.commit == made or not self._client.is_behind(repo, head.commit, made, parent) else None

        return self._client.wait_until(f"see commit {made} of {repo}", look)

    def _listed(self, repo: str, head: CommitInfo) -> HuggingFaceSnapshot:
        """List a commit; list it again while something speaks against the listing, until two listings agree.

        Somebody may have deleted files on purpose, so a listing that comes twice is believed.
        """
        before: Mapping[str, HubFile] | None = None
        doubt = None
        for _ in range(MAX_LISTINGS):
            listing = self._client.files(repo, head.commit)
            snapshot = self._show(repo, head, listing.files)
            doubt = listing.doubt or self._doubt(repo, snapshot)
            if doubt is None:
                return snapshot
            if before == snapshot.files:
                _log.warning("Two listings of %s at commit %s agree, although %s.", repo, head.commit, doubt)
                return snapshot
            before = snapshot.files
        del self._newest[repo]
        raise HubUnavailable(
            f"Cannot list the files of {repo}: {MAX_LISTINGS} listings of one commit differ, and {doubt}."
        )

    def _create(self, repo: str) -> tuple[str, set[str]]:
        """Create a repo and return its first commit, which the Hub itself makes, and the files of that commit.

        The Hub puts an example into a new Space. A new dataset has no file of ours.
        """
        self._client.create(repo)
        created = self.snapshot(repo)
        if created.commit is None:
            raise HubUnavailable(f"{repo} was created, but cannot be seen yet.")
        if created.files and repo_type(repo) == "dataset":
            raise PublishConflict(f"Somebody else has created {repo} meanwhile.")
        return created.commit, set(created.files)

    def _published(self, repo: str, commit: str, added: Mapping[str, Digests]) -> dict[str, HubFile]:
        """Return the added files as the commit holds them, once all have the right content."""
        found = {file.path: file for file in self._client.files_at(repo, commit, sorted(added))}
        right = {path for path, file in found.items() if added[path].match(file)}
        if missing := sorted(added.keys() - right):
            raise TerminalError(
                f"Commit {commit} of {repo} lacks {len(missing)} of its files, for example {missing[0]}. "
                f"Does a .gitignore in the repo exclude {missing[0]}?"
            )
        return found

    def _show(self, repo: str, commit: CommitInfo | None, files: Sequence[HubFile]) -> HuggingFaceSnapshot:
        name = commit.commit if commit else None
        by_path = {file.path: file for file in sorted(files, key=lambda file: file.path) if is_ours(file.path)}
        snapshot = HuggingFaceSnapshot(
            name,
            commit.committed_at if commit else None,
            MappingProxyType(by_path),
            partial(self._fetch, repo, name or ""),
            partial(self._open, repo, name or ""),
        )
        self._newest[repo] = snapshot
        return snapshot

    def _fetch(self, repo: str, commit: str, file: HubFile) -> Path:
        return self._cache.fetch(file, partial(self._client.download, repo, commit, file))

    def _open(self, repo: str, commit: str, file: HubFile) -> BinaryIO:
        if file.size <= WHOLE_BYTES:
            return io.FileIO(self._fetch(repo, commit, file))
        if cached := self._cache.find(file):
            return io.FileIO(cached)
        ranged: BinaryIO = RangedFile(file.path, file.size, partial(self._client.read_range, repo, commit, file.path))
        return ranged
