"""Settings of a deployment: environment variables, with their defaults.

This is the only module that reads the environment. A run reads its settings when it starts, never while modules are
imported, so the same code serves every deployment. Settings are grouped by who uses them: a job reads only the groups
that it needs.
"""

import os
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from every_eval.errors import ConfigurationError

PREFIX: Final = "EVERY_EVAL_"
"""First part of the names of our own environment variables."""


class _Group(BaseSettings):
    """A group of settings; a variable that is set to an empty text counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)


class HubSettings(_Group):
    """Where the datasets are published, and what the Hub's client needs."""

    hub: str = Field(default="data/hub", validation_alias="EVERY_EVAL_HUB")
    data_repo: str = Field(default="evaleval/every_eval_ever", validation_alias="EVERY_EVAL_DATA_REPO")
    scores_repo: str = Field(default="evaleval/every_eval_score_ever", validation_alias="EVERY_EVAL_SCORES_REPO")
    token: SecretStr | None = Field(default=None, validation_alias="HF_TOKEN")
    endpoint: str | None = Field(default=None, validation_alias="HF_ENDPOINT")
    source_date_epoch: NonNegativeInt | None = Field(default=None, validation_alias="SOURCE_DATE_EPOCH")
    """Moment that replaces the clock, in seconds since 1970."""


class SourceSettings(_Group):
    """Where the results of one source are read from; each source has its own `EVERY_EVAL_<SOURCE>_ROOT`."""

    root: str | None = None
    listing: str | None = None
    shard_bytes: PositiveInt = Field(default=1 << 30, validation_alias="EVERY_EVAL_SHARD_BYTES")
    """Input bytes that a shard is filled to."""


class AlertSettings(_Group):
    """Where failures are posted."""

    webhook: SecretStr | None = Field(default=None, validation_alias="EVERY_EVAL_ALERT_WEBHOOK")
    ui_url: str = Field(default="http://127.0.0.1:3000", validation_alias="EVERY_EVAL_UI_URL")


Group = TypeVar("Group", bound=_Group)


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


def _read(group: type[Group], prefix: str) -> Group:
    try:
        return group(_env_prefix=prefix)  # type: ignore[call-arg] # an argument that every BaseSettings takes
    except ValidationError as error:
        raise ConfigurationError("; ".join(map(_problem, error.errors()))) from None


def _problem(details: Mapping[str, Any]) -> str:
    variable = details["loc"][0]
    return f"{variable}={details['input']!r} cannot be used ({details['msg']}): correct {variable} or remove it"
