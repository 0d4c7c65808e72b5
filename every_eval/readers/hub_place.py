"""Published repos on the Hugging Face Hub, read in parts through the Hub's own file system."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from every_eval.hub.paths import check_repo, is_ours
from every_eval.network.huggingface.client_errors import CLIENT_ERRORS, Explainer

BLOCK_BYTES: Final = 1 << 20
"""Size of a part that is fetched at once, in bytes: most columns of a row group are smaller."""
_DATASET: Final = "dataset"
_UNCHANGED_SINCE: Final = datetime(2000, 1, 1, tzinfo=UTC)


class PinnedFileSystem(HfFileSystem):
    """The Hub's file system for files of commits, whose contents never change."""

    cachable = False  # An instance of its own for each connection, with the listings of one commit.

    def modified(self, path: str, **_: Any) -> datetime:  # noqa: ANN401, ARG002 - as fsspec has it
        """Return a constant, so that DuckDB keeps what it has read. The Hub would need a request for each file."""
        return _UNCHANGED_SINCE


class HubPlace:
    """The Hub at `endpoint` (null: the client's own default), read with `token` or, without one, anonymously.

    Every call raises `HubUnavailable` if the Hub does not answer, and `ConfigurationError` if it rejects the token.
    """

    prefix = "hf://"

    def __init__(self, token: str | None, endpoint: str | None) -> None:
        """Send nothing."""
        self._api = HfApi(endpoint, token=token or False, library_name="every_eval")
        self.name = self._api.endpoint
        self.filesystem = PinnedFileSystem(endpoint=self.name, token=token or False, block_size=BLOCK_BYTES)
        self._explainer = Explainer(self.name, token)

    def find(self, repo: str, revision: str | None) -> str | None:
        check_repo(repo)
        with self.explained(f"look up {repo}"):
            try:
                info = self._api.dataset_info(repo, revision=revision, expand=["sha"])
            except (RepositoryNotFoundError, RevisionNotFoundError):
                return None
        return str(info.sha)

    def history(self, repo: str, commit: str | None = None) -> Iterator[tuple[str, datetime]]:
        with self.explained(f"list the commits of {repo}"):
            commits = self._api.list_repo_commits(repo, repo_type=_DATASET, revision=commit)
        yield from ((each.commit_id, each.created_at) for each in commits)

    def files(self, repo: str, commit: str | None) -> Mapping[str, str]:
        if commit is None:
            return {}
        root = f"datasets/{repo}@{commit}/"
        with self.explained(f"list the files of {repo}"):
            # The file system keeps the listing, so that it opens files without asking for their sizes.
            addresses = sorted(self.filesystem.find(root))
        files = {address.removeprefix(root): address for address in addresses}
        return {path: address for path, address in files.items() if is_ours(path)}

    @contextmanager
    def explained(self, action: str) -> Iterator[None]:
        try:
            yield
        except CLIENT_ERRORS as error:
            explained = self._explainer.explain(error, action).error
        else:
            return
        raise explained  # outside the handler: the client's exception holds its request, and with it the token
