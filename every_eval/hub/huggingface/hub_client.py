"""The Hub's own client, with what the client leaves to its caller: retries, exactly one commit, and checked downloads.

Each call makes attempts by the one policy of `network.retries`. The session sends each request of an attempt once.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile, RepoFolder
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # Exported lazily.

from every_eval.errors import EveryEvalError, HubUnavailable, PublishConflict
from every_eval.hub.digests import VerifiedFiles
from every_eval.hub.hub import HubFile
from every_eval.hub.paths import ancestors, repo_id, repo_type
from every_eval.network.huggingface.calls import Calls
from every_eval.network.huggingface.client_errors import Explainer, Failed
from every_eval.network.huggingface.file_requests import append_rest, read_range
from every_eval.network.huggingface.session import Session, check_endpoint, send_only_to
from every_eval.network.retries import Failure, RetryPolicy

Operation = CommitOperationAdd | CommitOperationDelete
T = TypeVar("T")

_LIBRARY = "every_eval"
_PATHS_PER_REQUEST = 500


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """A commit's id, and when the commit was made."""

    commit: str
    committed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What one listing says that a commit holds."""

    files: Sequence[HubFile]
    """Every file, those of git included."""
    doubt: str | None
    """What in the listing itself speaks against its being complete; null if nothing does."""


class HubClient:
    """Calls on the Hub at `endpoint`.

    Every call raises `HubUnavailable` if the Hub does not answer, `ConfigurationError` if the Hub rejects the token or
    the address is wrong, and `TerminalError` if the Hub refuses the call for another reason.
    """

    def __init__(self, token: str | None, endpoint: str | None, policy: RetryPolicy) -> None:
        """Send nothing."""
        self._api = HfApi(endpoint, token=token or False, library_name=_LIBRARY)
        self._headers = build_hf_headers(token=token or False, library_name=_LIBRARY)
        self.endpoint = self._api.endpoint
        self.explainer = Explainer(self.endpoint, token)
        self._calls = Calls(self.explainer, policy)
        self._asked_seconds = 0.0
        """Time that the Hub asked to wait when the last early upload failed."""
        check_endpoint(self.endpoint)
        send_only_to(self.endpoint, token)

    def whoami(self) -> Mapping[str, Any]:
        """Return whose the token is, and what the token allows."""
        return self._calls.repeat("ask whose HF_TOKEN is", self._api.whoami)

    def head(self, repo: str) -> CommitInfo | None:
        """Return the newest commit; null if there is no such repo."""
        return self._calls.repeat(f"look up {repo}", partial(self._read_commit, repo, None))

    def commit_info(self, repo: str, commit: str) -> CommitInfo | None:
        """Return a commit with its time; null if there is no such repo."""
        return self._calls.repeat(f"look up commit {commit} of {repo}", partial(self._read_commit, repo, commit))

    def files(self, repo: str, commit: str) -> Listing:
        """List every file of a commit."""
        name, kind = repo_id(repo), repo_type(repo)
        tree = partial(self._api.list_repo_tree, name, recursive=True, revision=commit, repo_type=kind)
        entries = self._calls.repeat(f"list the files of {repo}", lambda: list(tree()))
        return Listing(_hub_files(entries), _doubt(entries))

    def files_at(self, repo: str, commit: str, paths: Sequence[str]) -> list[HubFile]:
        """Return those of the files at `paths` that a commit has."""
        found: list[HubFile] = []
        for start in range(0, len(paths), _PATHS_PER_REQUEST):
            wanted = list(paths[start : start + _PATHS_PER_REQUEST])
            look_up = partial(
                self._api.get_paths_info, repo_id(repo), wanted, revision=commit, repo_type=repo_type(repo)
            )
            found += _hub_files(self._calls.repeat(f"look up files of {repo}", look_up))
        return found

    def download(self, repo: str, commit: str, file: HubFile, target: Path) -> None:
        """Write a file of a commit to `target`. Each attempt downloads only what the attempts before have not.

        Raises:
            HubUnavailable: also if no download had the digest that the Hub itself lists.
        """
        action, url = f"download {file.path} of {repo}", self._url(repo, commit, file.path)
        most_bytes = 0

        def n_bytes() -> int:
            nonlocal most_bytes
            most_bytes = max(most_bytes, target.stat().st_size if target.exists() else 0)
            return most_bytes

        def attempt() -> Failed | None:
            failed = self._calls.attempt(action, partial(append_rest, url, self._headers, target), n_bytes)
            if isinstance(failed, Failed):
                return failed
            if VerifiedFiles().has_content(target, file):
                return None
            reason = f"the {n_bytes():,} bytes that came do not have the digest that the Hub lists, {file.digest}"
            target.unlink()
            return Failed(HubUnavailable(f"Cannot {action}: {reason}."), Failure(reason, is_transient=True))

        self._calls.repeat_attempt(action, attempt)

    def read_range(self, repo: str, commit: str, path: str, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to `stop` of the file at `path` in a commit, unchecked."""
        read = partial(read_range, self._url(repo, commit, path), self._headers, start, stop)
        return self._calls.repeat(f"read {path} of {repo}", read)

    def upload(self, repo: str, operations: Sequence[CommitOperationAdd]) -> None:
        """Upload the large contents of a commit to come. Each attempt uploads only what the attempts before have not.

        The commit itself sends small contents.
        """
        if self._asked_seconds:
            self._calls.policy.sleep(self._asked_seconds)
            self._asked_seconds = 0.0
        self._calls.repeat_attempt(f"upload files to {repo}", partial(self._upload_once, repo, operations))

    def upload_once(self, repo: str, operations: Sequence[CommitOperationAdd]) -> EveryEvalError | None:
        """Make one attempt at `upload`, and return what went wrong, if anything did."""
        failed = self._upload_once(repo, operations)
        if failed is None:
            return None
        self._asked_seconds = min(failed.failure.retry_after_seconds or 0.0, self._calls.policy.retry_after_seconds)
        return failed.error

    def create(self, repo: str) -> None:
        """Create a dataset without files, or a Space with the Hub's example of a static page; no error if it exists."""
        sdk = "static" if repo_type(repo) == "space" else None

        def create() -> None:
            try:
                self._api.create_repo(repo_id(repo), repo_type=repo_type(repo), space_sdk=sdk)
            except HfHubHTTPError as error:
                if error.response.status_code != 409:
                    raise

        self._calls.repeat(f"create {repo}", create)

    def commit(self, repo: str, operations: Sequence[Operation], title: str, publish_id: str, parent: str) -> str:
        """Commit on top of the commit `parent`, once even if an answer is lost, and return the id of the new commit.

        The commit's description holds `publish_id`. If the answer is lost, that tells whether the commit was made.

        Raises:
            PublishConflict: the head is another commit, and no commit since `parent` has the publish id.
        """
        action = f"commit to {repo}"
        send = partial(
            self._api.create_commit,
            repo_id(repo),
            operations,
            commit_message=title,
            commit_description=publish_id,
            repo_type=repo_type(repo),
            parent_commit=parent,
        )

        is_in_doubt = False

        def attempt() -> str | Failed:
            nonlocal is_in_doubt
            if is_in_doubt and (known := self._find_lost(repo, parent, publish_id)) is not None:
                return known
            with warnings.catch_warnings():
                # The page keeps small tables beside its scripts, on purpose.
                warnings.filterwarnings("ignore", "It seems that you are about to commit a data file")
                made = self._calls.attempt(action, send)
            if not isinstance(made, Failed):
                return str(made.oid)
            # A Hub that asks to wait is not asked whether it made the commit before the wait is over.
            is_in_doubt = bool(made.failure.retry_after_seconds)
            found = None if is_in_doubt else self._find_lost(repo, parent, publish_id)
            return found if isinstance(found, str) else made

        try:
            return self._calls.repeat_attempt(action, attempt)
        except HubUnavailable:
            known = self._find_lost(repo, parent, publish_id) if is_in_doubt else None
            if isinstance(known, str):
                return known
            raise

    def open_pull_request(self, repo: str, operations: Sequence[Operation], title: str, description: str) -> str:
        """Propose changes to a repo, and return the address of the pull request.

        One attempt is made: if its answer is lost, a second one could open a second pull request.
        """
        send = partial(
            self._api.create_commit,
            repo,
            operations,
            commit_message=title,
            commit_description=description,
            repo_type=repo_type(repo),
            create_pr=True,
        )
        made = self._calls.attempt(f"open a pull request in {repo}", send)
        if isinstance(made, Failed):
            raise made.error
        return str(made.pr_url)

    def is_behind(self, repo: str, head: str, made: str, parent: str) -> bool:
        """Tell whether `head` is older than the commit `made`, whose parent is `parent`."""
        list_commits = partial(self._api.list_repo_commits, repo_id(repo), revision=head, repo_type=repo_type(repo))
        for commit in self._calls.repeat(f"list the commits of {repo}", list_commits):
            if commit.commit_id in (made, parent):
                return commit.commit_id == parent
        return True

    def wait_until(self, action: str, look: Callable[[], T | None]) -> T:
        """Return what `look` finds; look again as long as it finds nothing, by the retry policy.

        Raises:
            HubUnavailable: `look` found nothing until the end.
        """

        def attempt() -> T | Failed:
            found = look()
            if found is not None:
                return found
            reason = "the Hub still answers as it was before"
            return Failed(HubUnavailable(f"Cannot {action}: {reason}."), Failure(reason, is_transient=True))

        return self._calls.repeat_attempt(action, attempt)

    def _find_lost(self, repo: str, parent: str, publish_id: str) -> str | Failed | None:
        """Return the commit with `publish_id` if the head is no longer `parent`; null if it still is."""
        head = self._calls.attempt(f"look up {repo}", partial(self._read_commit, repo, None))
        if isinstance(head, Failed):
            return head
        return None if head is not None and head.commit == parent else self._find(repo, parent, publish_id)

    def _find(self, repo: str, parent: str, publish_id: str) -> str:
        """Return the commit with `publish_id` among the commits since `parent`."""
        list_commits = partial(self._api.list_repo_commits, repo_id(repo), repo_type=repo_type(repo))
        for commit in self._calls.repeat(f"list the commits of {repo}", list_commits):
            if commit.commit_id == parent:
                break
            if commit.message.strip() == publish_id:
                return commit.commit_id
        raise PublishConflict(f"Somebody else has committed to {repo} since commit {parent}.")

    def _read_commit(self, repo: str, commit: str | None) -> CommitInfo | None:
        try:
            kind: Any = repo_type(repo)
            fields: Any = ["sha", "lastModified"]
            info: Any = self._api.repo_info(repo_id(repo), revision=commit, repo_type=kind, expand=fields)
        except RepositoryNotFoundError as error:
            if error.response.status_code == 404:
                return None
            raise
        return CommitInfo(str(info.sha), info.last_modified)

    def _url(self, repo: str, commit: str, path: str) -> str:
        return hf_hub_url(repo_id(repo), path, repo_type=repo_type(repo), revision=commit, endpoint=self.endpoint)

    def _upload_once(self, repo: str, operations: Sequence[CommitOperationAdd]) -> Failed | None:
        send = partial(
            self._api.preupload_lfs_files, repo_id(repo), operations, repo_type=repo_type(repo), free_memory=False
        )
        return self._calls.attempt(f"upload files to {repo}", send, lambda: len(Session.uploaded))


def _hub_files(entries: Iterable[RepoFile | RepoFolder]) -> list[HubFile]:
    files = [entry for entry in entries if isinstance(entry, RepoFile)]
    return [HubFile(file.path, file.size, file.lfs.sha256 if file.lfs else file.blob_id) for file in files]


def _doubt(entries: Sequence[RepoFile | RepoFolder]) -> str | None:
    """Say what is missing in a listing: git knows no empty folder, and the Hub lists the folders of each file."""
    folders = {entry.path for entry in entries if not isinstance(entry, RepoFile)}
    needed = {folder for entry in entries if isinstance(entry, RepoFile) for folder in ancestors(entry.path)}
    for folder in sorted(folders ^ needed):
        return f"it lists {'no file of' if folder in folders else 'files of, but not,'} the folder {folder}"
    return None if entries else "it lists nothing"
