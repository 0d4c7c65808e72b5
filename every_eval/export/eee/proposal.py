"""Propose exported records to a dataset repo of the Hugging Face Hub; only on request."""

from every_eval.export.eee.export import Exported, Options
from every_eval.settings import HubAccess, read_settings


def propose_records(exported: Exported, options: Options, repo: str) -> str:
    """Open a pull request with the records that the repo lacks, and return a sentence about it.

    Raises:
        ConfigurationError: There is no such repo or no token, or the Hub rejects the token.
        HubUnavailable: The Hub does not answer.
        TerminalError: The Hub refuses the pull request.
    """
    # The Hub's client takes half a second to import, and an export into a folder does not need it.
    from every_eval.hub.huggingface.pull_requests import propose

    access = read_settings(HubAccess)
    url = propose(
        repo,
        {path.as_posix(): options.out / path for path in exported.files},
        f"Add {exported.counts.records:,} records of evaluation runs",
        token=access.token.get_secret_value() if access.token else None,
        endpoint=access.endpoint,
    )
    return f"{repo} has all of these records already." if url is None else f"The pull request is {url}."
