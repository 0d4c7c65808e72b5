"""The Hub's own client, with what it leaves to its caller: retries, time-outs, and care for the token."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile, RepoFolder
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]  # Lazily exported.

from every_eval.errors import EveryEvalError, PublishConflict
from every_eval.hub.disk import writing
from every_eval.hub.hub import HubFile
from every_eval.hub.huggingface.failures import CLIENT_ERRORS, Failure, understand
from every_eval.hub.huggingface.session import send_only_to

T = TypeVar("T")
Operation = CommitOperationAdd | CommitOperationDelete
_log = logging.getLogger(__name__)

_DATASET = "dataset"
_LIBRARY = "every_eval"
_DELAYS_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
_LONGEST_WAIT_SECONDS = 3600.0
"""The Hub counts commits by the hour, so no wait that it asks for need be longer."""
_PATHS_A_REQUEST = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of a repo, or another one."""

    commit: str
    committed_at: datetime | None


class HubClient:
    """Calls on the Hub at `endpoint`, each repeated while that makes sense.

    Every call raises `HubUnavailable` when the Hub would not answer, `ConfigurationError` when it refuses the token,
    and `TerminalError` for what it will not do.
    """

    def __init__(self, token: str | None, endpoint: str | None, sleep: Callable[[float], None]) -> None:
        """Send nothing; `sleep` waits for so many seconds."""
        self._api = HfApi(endpoint, token=token or False, library_name=_LIBRARY)
        self._token = token
        self._sleep = sleep
        self.endpoint = self._api.endpoint
        send_only_to(self.endpoint, token)

    def whoami(self) -> Mapping[str, Any]:
        """Whose the token is, and what it may do."""
        return self._repeat("asking whose HF_TOKEN is", self._api.whoami)

    def head(self, repo: str, commit: str | None = None) -> Head | None:
        """The newest commit, or the one named; null if there is no such repo."""

        def read() -> Head | None:
            try:
                info = self._api.dataset_info(repo, revision=commit, expand=["sha", "lastModified"])
            except RepositoryNotFoundError as error:
                if error.response.status_code == 404:
                    return None
                raise
            return Head(str(info.sha), info.last_modified)

        return self._repeat(f"looking at {repo}", read)

    def files(self, repo: str, commit: str) -> list[HubFile]:
        """Every file of a commit, those of git included."""
        listing = self._repeat(
            f"listing {repo}",
            lambda: list(self._api.list_repo_tree(repo, recursive=True, revision=commit, repo_type=_DATASET)),
        )
        return _hub_files(listing)

    def files_at(self, repo: str, commit: str, paths: Sequence[str]) -> list[HubFile]:
        """Those of `paths` that a commit has."""
        found: list[HubFile] = []
        for start in range(0, len(paths), _PATHS_A_REQUEST):
            look = partial(self._api.get_paths_info, repo, list(paths[start : start + _PATHS_A_REQUEST]))
            found += _hub_files(
                self._repeat(f"looking at files of {repo}", partial(look, revision=commit, repo_type=_DATASET))
            )
        return found

    def download(self, repo: str, commit: str, path: str, folder: Path) -> Path:
        """The file at `path` in a commit, put somewhere in `folder`, complete but unchecked."""

        def read() -> Path:
            with writing(folder):
                return Path(
                    self._api.hf_hub_download(
                        repo, path, revision=commit, repo_type=_DATASET, local_dir=folder, cache_dir=folder / "cache"
                    )
                )

        return self._repeat(f"downloading {path} of {repo}", read)

    def read_range(self, repo: str, commit: str, path: str, start: int, stop: int) -> bytes:
        """The bytes from `start` up to `stop` of the file at `path` in a commit, as they came."""
        url = hf_hub_url(repo, path, repo_type=_DATASET, revision=commit, endpoint=self.endpoint)
        range_ = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}

        def read() -> bytes:
            headers = build_hf_headers(token=self._token or False, library_name=_LIBRARY, headers=range_)
            answer = get_session().get(url, headers=headers)
            hf_raise_for_status(answer)
            if answer.status_code != 206 or len(answer.content) != stop - start:
                raise OSError(f"bytes {start} to {stop} were asked for, and {len(answer.content)} bytes came")
            return answer.content

        return self._repeat(f"reading in {path} of {repo}", read)

    def upload(self, repo: str, operations: Sequence[CommitOperationAdd]) -> EveryEvalError | None:
        """Take large contents to the Hub, for a commit to come; what went wrong, if anything did."""

        def send() -> None:
            self._api.preupload_lfs_files(repo, operations, repo_type=_DATASET, free_memory=False)

        failure = self._try(f"uploading to {repo}", send)
        return failure.error if isinstance(failure, Failure) else None

    def create(self, repo: str) -> None:
        """Make an empty dataset repo; no error if there is one."""

        def make() -> None:
            try:
                self._api.create_repo(repo, repo_type=_DATASET)
            except HfHubHTTPError as error:
                if error.response.status_code != 409:
                    raise

        self._repeat(f"creating {repo}", make)

    def commit(
        self,
        repo: str,
        operations: Sequence[Operation],
        title: str,
        publish_id: str,
        parent: str,
    ) -> str:
        """Make one commit on `parent`, exactly once, and name it.

        `publish_id` is kept in the commit's description: an answer lost, it tells whether the commit has landed.

        Raises:
            PublishConflict: the head is another commit, and this one is not among those since `parent`.
        """

        def send() -> str:
            made = self._api.create_commit(
                repo,
                operations,
                commit_message=title,
                commit_description=publish_id,
                repo_type=_DATASET,
                parent_commit=parent,
            )
            return made.oid

        delays = iter(_DELAYS_SECONDS)
        while isinstance(made := self._try(f"committing to {repo}", send), Failure):
            head = self.head(repo)
            if head is None or head.commit != parent:
                return self._find(repo, parent, publish_id)
            self._wait_or_raise(made, next(delays, None))
        return made

    def _find(self, repo: str, parent: str, publish_id: str) -> str:
        """The commit with `publish_id` among those since `parent`."""
        commits = self._repeat(
            f"listing commits of {repo}", lambda: self._api.list_repo_commits(repo, repo_type=_DATASET)
        )
        for commit in commits:
            if commit.commit_id == parent:
                break
            if commit.message.strip() == publish_id:
                return commit.commit_id
        raise PublishConflict(f"{repo}: somebody else has committed since {parent}")

    def _repeat(self, doing: str, call: Callable[[], T]) -> T:
        delays = iter(_DELAYS_SECONDS)
        while isinstance(result := self._try(doing, call), Failure):
            self._wait_or_raise(result, next(delays, None))
        return result

    def _try(self, doing: str, call: Callable[[], T]) -> T | Failure:
        try:
            return call()
        except CLIENT_ERRORS as error:
            return understand(error, doing, self._token)

    def _wait_or_raise(self, failure: Failure, delay: float | None) -> None:
        seconds = failure.wait_seconds if failure.wait_seconds is not None else delay
        if not failure.may_pass or delay is None or seconds is None or seconds > _LONGEST_WAIT_SECONDS:
            raise failure.error
        _log.warning("%s; trying again in %s s", failure.error, seconds)
        self._sleep(seconds)


def _hub_files(entries: Iterable[RepoFile | RepoFolder]) -> list[HubFile]:
    files = [entry for entry in entries if isinstance(entry, RepoFile)]
    return [HubFile(file.path, file.size, file.lfs.sha256 if file.lfs else file.blob_id) for file in files]
