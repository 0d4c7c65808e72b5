"""Checks of the settings at the start of a job: all problems at once, each with the variable, its value and a remedy.

No check needs a network. Each job checks the settings that it uses: the daily job those of the Hub, and the weekly job
those of the sources too.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from every_eval.errors import ConfigurationError, EveryEvalError
from every_eval.hub.paths import check_repo, repo_id
from every_eval.network.redaction import redact
from every_eval.orchestration.acknowledged import acknowledged_problems
from every_eval.orchestration.resources import HubResource, SourceResource
from every_eval.settings import (
    HUGGING_FACE,
    AlertSettings,
    ClockSettings,
    HubAccess,
    InspectSettings,
    ScoresSettings,
    SettingProblem,
    ShardSettings,
    nearest,
    problems_of,
    read_settings,
    source_prefix,
    unknown_variables,
)
from every_eval.sources.layouts import is_empty, layout_of
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage

Places = Mapping[str, tuple[Source, SourceResource]]
"""The sources that a job reads, with the resource of each, by the source's name."""

HUB: Final = "EVERY_EVAL_HUB"
DATA_REPO: Final = "EVERY_EVAL_DATA_REPO"
SCORES_REPO: Final = "EVERY_EVAL_SCORES_REPO"
PAGE_REPO: Final = "EVERY_EVAL_PAGE_REPO"
ENDPOINT: Final = "HF_ENDPOINT"


def check_settings(
    hub: HubResource, places: Places, sources: Sequence[Source], report: Callable[[str], object]
) -> None:
    """Check the settings that a job uses, and report names of variables that no setting has.

    Args:
        hub: The Hub that the job publishes on.
        places: The sources that the job reads; empty for the daily job.
        sources: Every source of every_eval, whose variables are known.
        report: Takes each warning.

    Raises:
        ConfigurationError: settings cannot be used; the message lists all of them.
    """
    for warning in unknown_variables({source.name: source.benchmarks_variable for source in sources}):
        report(warning)
    problems = (
        problems_of(ClockSettings)
        + problems_of(ScoresSettings)
        + (problems_of(ShardSettings) + problems_of(InspectSettings) if places else [])
    )
    problems += hub_problems(hub)
    problems += acknowledged_problems()
    problems += address_problems()
    for source, place in places.values():
        problems += root_problems(source, place, sources)
    if problems:
        raise ConfigurationError(listed(problems))


def listed(problems: Sequence[SettingProblem]) -> str:
    """Return one message for all problems."""
    if len(problems) == 1:
        return str(problems[0])
    return f"{len(problems)} settings cannot be used:\n" + "\n".join(f"- {problem}." for problem in problems)


def hub_problems(hub: HubResource) -> Iterator[SettingProblem]:
    """Yield what is wrong with the place to publish to, and with the names of the repos."""
    yield from _online_problems(hub) if hub.place == HUGGING_FACE else _folder_problems(hub.place)
    for variable, repo in ((DATA_REPO, hub.data), (SCORES_REPO, hub.scores), (PAGE_REPO, hub.page)):
        if repo is None:
            continue
        try:
            check_repo(repo)
        except ConfigurationError:
            yield SettingProblem(
                variable, repo_id(repo), "does not name a repo: write owner/name, for example acme/evaluations"
            )
    if hub.data.lower() == hub.scores.lower():
        yield SettingProblem(SCORES_REPO, hub.scores, f"is also {DATA_REPO}: name another repo for the scores")


def _online_problems(hub: HubResource) -> Iterator[SettingProblem]:
    access = read_settings(HubAccess)
    if access.endpoint is not None and not is_http_address(access.endpoint):
        yield _not_an_address(ENDPOINT, access.endpoint, "https://huggingface.co")
    if access.token is None or not access.token.get_secret_value().strip():
        endpoint = redact(access.endpoint or "https://huggingface.co").rstrip("/")
        remedy = f"make a token that may do so at {endpoint}/settings/tokens and set HF_TOKEN"
        yield SettingProblem(
            "HF_TOKEN", None, f"is not set, and nobody can write to {hub.data} or {hub.scores} without it: {remedy}"
        )


def _folder_problems(place: str) -> Iterator[SettingProblem]:
    path = Path(place).absolute()
    meant = nearest(place.lower(), [HUGGING_FACE])
    if "://" in place:
        yield SettingProblem(HUB, redact(place), f"is an address: write a folder, or {HUGGING_FACE}")
    elif path.exists() and not path.is_dir():
        yield SettingProblem(HUB, place, f"is a file: name a folder, or {HUGGING_FACE}")
    elif not path.exists() and not _has_form_of_path(place):
        guess = f"{HUGGING_FACE}, or " if meant else ""
        yield SettingProblem(HUB, place, f"is not a folder: write {guess}./{place} if a new folder is meant")
    elif blocking := _cannot_be_written(path):
        remedy = "grant the right, or name another folder"
        yield SettingProblem(HUB, place, f"cannot be written to, because {blocking} does not allow it: {remedy}")


def _has_form_of_path(place: str) -> bool:
    return "/" in place or os.sep in place or place.startswith((".", "~"))


def _cannot_be_written(folder: Path) -> Path | None:
    """Return the nearest folder that exists, if it is a file or does not allow to write into it."""
    place = next(place for place in (folder, *folder.parents) if place.exists())
    return None if place.is_dir() and os.access(place, os.W_OK | os.X_OK) else place


def address_problems() -> Iterator[SettingProblem]:
    """Yield what is wrong with the addresses for alerts."""
    alerts = read_settings(AlertSettings)
    if alerts.webhook is not None and not is_http_address(alerts.webhook.get_secret_value()):
        yield SettingProblem(
            "EVERY_EVAL_ALERT_WEBHOOK", None, "is not an http(s) address: copy the webhook's address again"
        )
    if not is_http_address(alerts.ui_url):
        yield _not_an_address("EVERY_EVAL_UI_URL", alerts.ui_url, "http://127.0.0.1:3000")


def root_problems(source: Source, place: SourceResource, sources: Sequence[Source]) -> Iterator[SettingProblem]:
    """Yield what is wrong with the root of a source, one of `sources`. Only roots on this machine are looked into."""
    variable, root = place.root_variable, place.stated_root
    if root is None:
        return
    try:
        storage = place.open(source)
        if not storage.is_remote:
            yield from _content_problems(source, storage, variable, root, sources)
    except EveryEvalError as error:
        yield SettingProblem(variable, redact(root), f"cannot be read: {redact(str(error)).rstrip('.')}")


def _content_problems(
    source: Source, storage: Storage, variable: str, root: str, sources: Sequence[Source]
) -> Iterator[SettingProblem]:
    if is_empty(storage):
        yield SettingProblem(variable, root, f"is empty: name the place where the results of {source.name} are")
        return
    layout = layout_of(storage, sources)
    if layout not in (None, source.name):
        other = f"{source_prefix(layout or '')}ROOT"
        yield SettingProblem(
            variable, root, f"holds results of {layout}, not of {source.name}: set {other} to it, or name another root"
        )


def is_http_address(text: str) -> bool:
    """Whether the text is an http(s) address with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _not_an_address(variable: str, value: str, example: str) -> SettingProblem:
    return SettingProblem(variable, redact(value), f"is not an http(s) address: write it like {example}")
