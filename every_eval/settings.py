"""Settings of a deployment: environment variables, with their defaults.

This is the only module that reads the environment. A run reads its settings when it starts, never while modules are
imported, so the same code serves every deployment. Settings are grouped by who uses them: a job reads only the groups
that it needs.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from every_eval.contracts.leaderboard import MIN_COVERAGE
from every_eval.errors import ConfigurationError
from every_eval.network.redaction import remember_secret

PREFIX: Final = "EVERY_EVAL_"
"""First part of the names of our own environment variables."""
HUGGING_FACE: Final = "huggingface"
"""Value of EVERY_EVAL_HUB that stands for the Hugging Face Hub, and not for a folder."""
NO_PAGE: Final = "none"
"""Value of EVERY_EVAL_PAGE_REPO with which no page is published."""
PAGE_NAME: Final = "every_eval_page"
"""Name of the page's repo, if the setting does not state one."""
LAST_SECOND: Final = 253_402_300_799
"""Last second of the year 9999, the last one that a date can express."""


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A setting that cannot be used."""

    variable: str
    """Name of the environment variable."""
    value: str | None
    """Value of the variable; null if it is not set, or is a secret."""
    remedy: str
    """What is wrong, and what to do: sentences without the full stop at the end."""

    def __str__(self) -> str:
        return f"{self.variable}{'' if self.value is None else f'={self.value!r}'} {self.remedy}"


class _Group(BaseSettings):
    """A group of settings; a variable that is set to an empty text counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)


class HubAccess(_Group):
    """How the Hugging Face Hub is reached, to publish there or to read a root `hf://datasets/…`."""

    token: SecretStr | None = Field(default=None, validation_alias="HF_TOKEN")
    endpoint: str | None = Field(default=None, validation_alias="HF_ENDPOINT")


class HubSettings(HubAccess):
    """Where the datasets are published, and what the Hub's client needs."""

    hub: str = Field(default="data/hub", validation_alias="EVERY_EVAL_HUB")
    data_repo: str = Field(default="evaleval/every_eval_ever", validation_alias="EVERY_EVAL_DATA_REPO")
    scores_repo: str = Field(default="evaleval/every_eval_score_ever", validation_alias="EVERY_EVAL_SCORES_REPO")
    page_repo: str | None = Field(default=None, validation_alias="EVERY_EVAL_PAGE_REPO")

    @property
    def page(self) -> str | None:
        """Name of the page's repo, which is a Space; null if no page is wanted."""
        return page_space(self.page_repo, self.scores_repo)


def page_space(stated: str | None, scores_repo: str) -> str | None:
    """Return the name of the page's repo, which is a Space; null if no page is wanted.

    Args:
        stated: Value of the setting, `owner/name` or `none`; null if it is not set.
        scores_repo: Name of the scores repo, whose owner is the default.
    """
    if stated is not None and stated.lower() == NO_PAGE:
        return None
    return f"spaces/{stated or scores_repo.partition('/')[0] + '/' + PAGE_NAME}"


class ClockSettings(_Group):
    """The moment of a run."""

    source_date_epoch: int | None = Field(default=None, ge=0, le=LAST_SECOND, validation_alias="SOURCE_DATE_EPOCH")
    """Moment that replaces the clock, in seconds since 1970."""


class SourceSettings(_Group):
    """Where the results of one source are read from; each source has its own `EVERY_EVAL_<SOURCE>_ROOT`."""

    root: str | None = None
    listing: str | None = None


class ShardSettings(_Group):
    """How large shards are."""

    shard_bytes: PositiveInt = Field(default=1 << 30, validation_alias="EVERY_EVAL_SHARD_BYTES")
    """Input bytes that a shard is filled to."""


class ScoresSettings(_Group):
    """How models are ranked, and how long the scores repo keeps what each day adds to it."""

    dated_scores: PositiveInt | None = Field(default=None, validation_alias="EVERY_EVAL_DATED_SCORES")
    """Number of dated files of a source that stay, the newest; null to keep all."""
    min_coverage: float = Field(default=MIN_COVERAGE, gt=0, le=1, validation_alias="EVERY_EVAL_MIN_COVERAGE")
    """Least share of a main table's columns in which a model needs a score to be ranked."""
    registry: Path | None = Field(default=None, validation_alias="EVERY_EVAL_REGISTRY")
    """Parquet file of the aliases in evaleval's registry of names, or a folder with it."""


class AcknowledgedSettings(_Group):
    """Where the faults are listed that somebody has acknowledged."""

    acknowledged: str | None = Field(default=None, validation_alias="EVERY_EVAL_ACKNOWLEDGED")


class InspectSettings(_Group):
    """What is published of Inspect's logs."""

    messages: Literal["final", "all", "none"] = Field(default="final", validation_alias="EVERY_EVAL_INSPECT_MESSAGES")


class AlertSettings(_Group):
    """Where failures are posted."""

    webhook: SecretStr | None = Field(default=None, validation_alias="EVERY_EVAL_ALERT_WEBHOOK")
    ui_url: str = Field(default="http://127.0.0.1:3000", validation_alias="EVERY_EVAL_UI_URL")


Group = TypeVar("Group", bound=_Group)

GROUPS: Final[tuple[type[_Group], ...]] = (
    HubSettings,
    ClockSettings,
    ShardSettings,
    ScoresSettings,
    AcknowledgedSettings,
    InspectSettings,
    AlertSettings,
)
"""Every group whose variables have fixed names. Variables that no group names are reported as unknown."""

DEPLOYMENT: Final = ("BROKER", "POSTGRES_URL", "REDELIVERY_SECONDS")
"""Rest of the names of the variables that the files in the folder `deploy` read, and no code of every_eval."""


def read_settings(group: type[Group]) -> Group:
    """Read a group of settings from the environment.

    Raises:
        ConfigurationError: values cannot be used; the message names every variable, its value and what to do.
    """
    return _read(group, "")


def read_source_settings(source: str) -> SourceSettings:
    """Read the settings of a source, by the source's name; raises what `read_settings` raises."""
    return _read(SourceSettings, source_prefix(source))


def read_benchmarks(variable: str | None) -> list[str]:
    """Read a comma-separated list of benchmarks from an environment variable; empty where the variable is not set."""
    stated = os.environ.get(variable, "") if variable else ""
    return [name.strip() for name in stated.split(",") if name.strip()]


def source_prefix(source: str) -> str:
    """First part of the names of a source's environment variables, for example `EVERY_EVAL_HELM_`."""
    return f"{PREFIX}{source.upper()}_"


def problems_of(group: type[_Group]) -> list[SettingProblem]:
    """Return what is wrong with the values of a group; `read_settings` would raise the first time it is called."""
    try:
        group()
    except ValidationError as error:
        return [_problem(details) for details in error.errors()]
    return []


def unknown_variables(sources: Mapping[str, str | None]) -> list[str]:
    """Return a sentence about each variable that begins as ours do and that no setting has.

    `sources` has for each source the variable that lists its benchmarks, or null.
    """
    known = {str(field.validation_alias) for group in GROUPS for field in group.model_fields.values()}
    known |= {f"{source_prefix(source)}{field.upper()}" for source in sources for field in SourceSettings.model_fields}
    known |= {f"{PREFIX}{name}" for name in DEPLOYMENT}
    known |= {variable for variable in sources.values() if variable}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return [f"{name} is set, but every_eval has no setting of that name.{_meant(name, known)}" for name in unknown]


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the word that a misspelt word probably stands for; null if none is close."""
    return next(iter(get_close_matches(word, sorted(words), n=1, cutoff=0.8)), None)


def _meant(name: str, known: set[str]) -> str:
    meant = nearest(name.removeprefix(PREFIX), (each.removeprefix(PREFIX) for each in known if each.startswith(PREFIX)))
    return f" Did you mean {PREFIX}{meant}?" if meant else ""


def _read(group: type[Group], prefix: str) -> Group:
    try:
        settings = group(_env_prefix=prefix)  # type: ignore[call-arg] # an argument that every BaseSettings takes
    except ValidationError as error:
        raise ConfigurationError("; ".join(str(_problem(details)) for details in error.errors())) from None
    for _, value in settings:
        if isinstance(value, SecretStr):
            remember_secret(value.get_secret_value())
    return settings


def _problem(details: Mapping[str, Any]) -> SettingProblem:
    variable = str(details["loc"][0])
    return SettingProblem(
        variable, str(details["input"]), f"cannot be used ({details['msg']}): correct {variable} or remove it"
    )
