"""Propose files to a dataset repo of the Hugging Face Hub as a pull request, which its owners may accept."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd

from every_eval.errors import ConfigurationError
from every_eval.hub.digests import digests
from every_eval.hub.hub import HubFile
from every_eval.hub.huggingface.hub_client import HubClient
from every_eval.hub.paths import check_path, check_repo
from every_eval.network.retries import RetryPolicy


def propose(
    repo: str,
    files: Mapping[str, Path],
    title: str,
    *,
    token: str | None,
    endpoint: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Open a pull request with the files that the repo lacks, or has with other contents.

    Args:
        repo: Name of the dataset repo, owner/name, which must exist.
        files: Local files by their path in the repo.
        title: Title of the pull request.
        token: Token that may open pull requests there.
        endpoint: Address of the Hub; null for the client's own default.
        sleep: Waits for so many seconds before another attempt.

    Returns:
        The address of the pull request; null if the repo has all of the files already.

    Raises:
        ConfigurationError: There is no such repo, or no token, or the Hub rejects the token.
        HubUnavailable: The Hub does not answer.
        TerminalError: The Hub refuses the pull request.
    """
    check_repo(repo)
    if not token:
        raise ConfigurationError(f"A pull request in {repo} needs a token: set HF_TOKEN.")
    client = HubClient(token.strip(), endpoint, RetryPolicy(sleep=sleep))
    head = client.head(repo)
    if head is None:
        raise ConfigurationError(f"{client.endpoint} has no dataset repo {repo}. Create it, or name another repo.")
    for path in files:
        check_path(path)
    known = {file.path: file for file in client.files_at(repo, head.commit, sorted(files))}
    added = {path: local for path, local in files.items() if not _is_known(path, local, known)}
    if not added:
        return None
    operations = [CommitOperationAdd(path, local) for path, local in sorted(added.items())]
    description = f"{len(operations)} files, written by every_eval from published results."
    return client.open_pull_request(repo, operations, title, description)


def _is_known(path: str, local: Path, known: Mapping[str, HubFile]) -> bool:
    return path in known and digests(local).match(known[path])
