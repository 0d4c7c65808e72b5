"""Results in a dataset repo on the Hugging Face Hub, where people keep the output of lm-eval and of Inspect."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import IO, Final, TypeVar

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile, RepoFolder
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # Exported lazily.

from every_eval.errors import (
    ConfigurationError,
    HubUnavailable,
    HubUnreachable,
    TerminalError,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from every_eval.network.content import Digested, checked, digested
from every_eval.network.huggingface.calls import Calls
from every_eval.network.huggingface.client_errors import Explainer
from every_eval.network.huggingface.file_requests import read_range, read_whole
from every_eval.network.huggingface.session import check_endpoint, send_only_to
from every_eval.network.outages import Outage
from every_eval.network.redaction import redact
from every_eval.network.retries import DEFAULT_POLICY, RetryPolicy
from every_eval.storage.storage import (
    UNUSABLE_NAME,
    SkippedEntry,
    Storage,
    StoredObject,
    expected,
    is_object_name,
    is_prefix,
)

T = TypeVar("T")

_ADDRESS: Final = re.compile(
    r"hf://datasets/(?P<repo>[\w.-]+/[\w.-]+)(?P<path>(?:/[^@]+?)?)/?(?:@(?P<revision>[^@]+))?", re.ASCII
)
_EXAMPLE: Final = "hf://datasets/owner/name, with /path and @revision if they are needed"
_DATASET: Final = "dataset"
_SHA256, _GIT = "sha256=", "git="
"""What witnesses begin with: the digest of a large file, and git's digest of a small one."""


@dataclass(frozen=True)
class HuggingFaceStorage(Storage):
    """A dataset repo, or a folder in it, as of the commit that was the newest when the storage was first used.

    The token is sent to the Hub's own host alone, and to none that the Hub redirects to.
    """

    address: str
    """`hf://datasets/owner/name[/path][@revision]`."""
    token: str | None = field(default=None, repr=False)
    """Token for private repos; null to read without one."""
    endpoint: str | None = None
    """Address of the Hub; null for huggingface.co."""
    policy: RetryPolicy = DEFAULT_POLICY

    def __post_init__(self) -> None:
        """Send nothing.

        Raises:
            ConfigurationError: the address does not name a dataset repo, or the endpoint is no address.
        """
        if not _ADDRESS.fullmatch(self.address):
            raise ConfigurationError(
                f"{redact(self.address)!r} is not the address of a dataset repo: write {_EXAMPLE}."
            )
        check_endpoint(self._api.endpoint)

    @property
    def location(self) -> str:
        return self.address

    @property
    def is_remote(self) -> bool:
        return True

    @property
    def can_list(self) -> bool:
        return bool(self._commit)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        objects = (self._stored(entry) for entry in self._entries(prefix, is_deep=True) if isinstance(entry, RepoFile))
        named = {item.name: item for item in objects if is_object_name(item.name)}
        self._known.update(named)
        return iter([named[name] for name in sorted(named)])

    def list_folders(self, prefix: str) -> Sequence[str]:
        entries = self._entries(prefix, is_deep=False)
        return sorted(e.path.rpartition("/")[2] for e in entries if not isinstance(e, RepoFile))

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        names = (self._name(entry.path) for entry in self._entries(prefix, is_deep=True))
        return [SkippedEntry(name, UNUSABLE_NAME) for name in sorted(names) if not is_object_name(name)]

    def stat(self, name: str) -> StoredObject | None:
        if not is_object_name(name):
            return None
        if name not in self._known:
            self._look_up(name)
        return self._known.get(name)

    def read(self, name: str, witness: str | None = None) -> bytes:
        stored = expected(self, name, witness)

        def call() -> bytes:
            raw = read_whole(self._url(name), self._headers)
            if not _has_digest(raw, stored.witness):
                raise OSError(f"the {len(raw):,} bytes that came do not have the digest that the Hub lists")
            return raw

        return self._call(f"read {name}", call)

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        stored = expected(self, name, witness)
        last = min(stop, stored.size or 0)
        if last <= start:
            return b""
        return self._call(f"read {name}", lambda: read_range(self._url(name), self._headers, start, last))

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        content = BytesIO(self.read(name, witness if md5 is None else None))
        return content if md5 is None else checked(content, md5, f"{self.address}: {name}")

    def open_digested(self, name: str, witness: str) -> Digested:
        return digested(BytesIO(self.read(name, witness)))

    def __reduce__(self) -> tuple[type["HuggingFaceStorage"], tuple[str, str | None, str | None, RetryPolicy]]:
        """Pickle without the client."""
        return HuggingFaceStorage, (self.address, self.token, self.endpoint, self.policy)

    @property
    def _repo(self) -> str:
        return self._parts[0]

    @property
    def _folder(self) -> str:
        """What stands before the names of the root's objects in the repo: nothing, or a path with its final slash."""
        return f"{self._parts[1]}/" if self._parts[1] else ""

    @cached_property
    def _parts(self) -> tuple[str, str, str | None]:
        """Repo, path and revision."""
        found = _ADDRESS.fullmatch(self.address)
        assert found is not None
        path, revision = found["path"].strip("/"), found["revision"]
        if revision and "/" in revision and not path and not revision.startswith("refs/"):
            revision, _, path = revision.partition("/")  # owner/name@revision/path, as the Hub's own client writes it
        return found["repo"], path.strip("/"), revision

    @cached_property
    def _known(self) -> dict[str, StoredObject]:
        """Objects that were listed or looked up, by name. The commit does not change, so neither do they."""
        return {}

    @cached_property
    def _api(self) -> HfApi:
        return HfApi(self.endpoint, token=self.token or False, library_name="every_eval")

    @cached_property
    def _calls(self) -> Calls:
        send_only_to(self._api.endpoint, self.token)
        return Calls(Explainer(self._api.endpoint, self.token), self.policy, Outage(redact(self._api.endpoint)))

    @cached_property
    def _headers(self) -> dict[str, str]:
        return dict(build_hf_headers(token=self.token or False, library_name="every_eval"))

    @cached_property
    def _commit(self) -> str:
        """The commit that is read. It never changes, so that a listing and the files belong together."""
        repo, _, revision = self._parts

        def call() -> str:
            try:
                info = self._api.dataset_info(repo, revision=revision, expand=["sha"])
            except RevisionNotFoundError:
                raise ConfigurationError(f"{self.address}: the repo has no revision {revision!r}.") from None
            return str(info.sha)

        return self._call(f"look up {repo}", call)

    def _url(self, name: str) -> str:
        path = self._folder + name
        return hf_hub_url(self._repo, path, repo_type=_DATASET, revision=self._commit, endpoint=self._api.endpoint)

    def _entries(self, prefix: str, *, is_deep: bool) -> Sequence[RepoFile | RepoFolder]:
        """The files and folders in a folder; none if there is no such folder."""
        if not is_prefix(prefix):
            raise ConfigurationError(f"{prefix!r} is not the name of a folder in {self.address}.")
        path, commit = (self._folder + prefix).rstrip("/") or None, self._commit
        tree = self._api.list_repo_tree

        def call() -> Sequence[RepoFile | RepoFolder]:
            try:
                return [*tree(self._repo, path, recursive=is_deep, revision=commit, repo_type=_DATASET)]
            except EntryNotFoundError:
                return []

        return self._call(f"list {path or 'the files'}", call)

    def _look_up(self, name: str) -> None:
        path, commit, get = self._folder + name, self._commit, self._api.get_paths_info
        found = self._call(f"look up {name}", lambda: get(self._repo, [path], revision=commit, repo_type=_DATASET))
        self._known.update((name, self._stored(e)) for e in found if isinstance(e, RepoFile) and e.path == path)

    def _name(self, path: str) -> str:
        return path.removeprefix(self._folder)

    def _stored(self, file: RepoFile) -> StoredObject:
        witness = f"{_SHA256}{file.lfs.sha256}" if file.lfs else f"{_GIT}{file.blob_id}"
        return StoredObject(self._name(file.path), file.size, witness, md5=None)

    def _call(self, action: str, call: Callable[[], T]) -> T:
        """Return what the Hub answers."""
        try:
            return self._calls.repeat(f"{action} in {self.address}", call)
        except HubUnreachable as error:
            raise UpstreamUnreachable(str(error)) from None
        except HubUnavailable as error:
            raise UpstreamUnavailable(str(error)) from None
        except ConfigurationError:
            raise
        except TerminalError as error:
            raise ConfigurationError(f"{error} Is there such a dataset repo, and may HF_TOKEN read it?") from None


def _has_digest(raw: bytes, witness: str) -> bool:
    if witness.startswith(_SHA256):
        return witness == _SHA256 + hashlib.sha256(raw).hexdigest()
    blob = hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False)
    return witness == _GIT + blob.hexdigest()
