"""A release's schema.json: the models, metrics and run groups that its tables are built from.

HELM writes the file from `presentation/schema.py`'s classes and leaves out what is not set. Fields that nothing here
reads are not declared, and pass unread.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from every_eval.errors import UpstreamMalformed

ALL_GROUPS = "all_groups"
THIS_GROUP_ONLY = "this_group_only"
NO_GROUPS = "no_groups"

BY_METRIC = "by_metric"
BY_GROUP = "by_group"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """What HELM displays under a name: a metric, a perturbation, a group of either."""

    name: str
    display_name: str | None = None
    short_display_name: str | None = None
    description: str | None = None
    lower_is_better: bool | None = None

    @property
    def short_label(self) -> str:
        """The name in a column's header."""
        return self.short_display_name or self.display_name or self.name


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model, as the release describes it."""

    name: str
    display_name: str | None = None
    creator_organization: str | None = None
    access: str | None = None
    release_date: str | None = None
    num_parameters: int | float | None = None


class MetricMatcher(msgspec.Struct, frozen=True, kw_only=True):
    """Which statistic of a run a column shows; its texts may hold `${variables}` of a run group's environment."""

    name: str
    split: str
    sub_split: str | None = None
    perturbation_name: str | None = None


class MetricGroup(Field, frozen=True, kw_only=True):
    """Metrics that a table shows together."""

    metrics: tuple[MetricMatcher, ...] = ()
    hide_win_rates: bool | None = None
    aggregation_strategies: tuple[str, ...] | None = None


class RunGroup(Field, frozen=True, kw_only=True):
    """Runs that are displayed together; a run names its groups in its specification."""

    metric_groups: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    sub_splits: tuple[str, ...] | None = None
    subgroup_display_mode: str = BY_METRIC
    subgroup_metric_groups_hidden: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    category: str = "Scenarios"
    visibility: str = ALL_GROUPS
    adapter_keys_shown: tuple[str, ...] = ("model_deployment", "model")


class Schema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """schema.json of a release."""

    metrics: tuple[Field, ...]
    perturbations: tuple[Field, ...]
    metric_groups: tuple[MetricGroup, ...]
    run_groups: tuple[RunGroup, ...]
    models: tuple[Model, ...] = ()

    @cached_property
    def metric_by_name(self) -> dict[str, Field]:
        """Metrics by name."""
        return {metric.name: metric for metric in self.metrics}

    @cached_property
    def perturbation_by_name(self) -> dict[str, Field]:
        """Perturbations by name."""
        return {perturbation.name: perturbation for perturbation in self.perturbations}

    @cached_property
    def metric_group_by_name(self) -> dict[str, MetricGroup]:
        """Metric groups by name."""
        return {group.name: group for group in self.metric_groups}

    @cached_property
    def run_group_by_name(self) -> dict[str, RunGroup]:
        """Run groups by name."""
        return {group.name: group for group in self.run_groups}

    @cached_property
    def model_by_name(self) -> dict[str, Model]:
        """Models by name, in the release's order."""
        return {model.name: model for model in self.models}


class MainMetric(NamedTuple):
    """The statistic by which a run group is judged."""

    metric_name: str
    split: str


def decode_schema(raw: bytes, file: str = "schema.json") -> Schema:
    """Read a schema.json; `UpstreamMalformed` names the file and the place that is wrong."""
    try:
        return msgspec.json.decode(raw, type=Schema)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpstreamMalformed(f"{file}: {error}") from error


def main_metric(group: RunGroup) -> MainMetric | None:
    """The metric that the group's environment names as its main one; HELM writes "none" where there is none."""
    name, split = group.environment.get("main_name"), group.environment.get("main_split")
    if name in (None, "none") or split in (None, "none"):
        return None
    return MainMetric(str(name), str(split))


def main_metrics(schema: Schema, groups: Sequence[str]) -> tuple[MainMetric, ...]:
    """The main metrics of `groups`, each once, in the groups' order; groups that name none are passed over."""
    return tuple(dict.fromkeys(metric for group in _known(schema, groups) if (metric := main_metric(group))))


def categories(schema: Schema, groups: Sequence[str]) -> tuple[str, ...]:
    """The categories that the schema puts `groups` in, each once, in the groups' order."""
    return tuple(dict.fromkeys(group.category for group in _known(schema, groups)))


def _known(schema: Schema, groups: Sequence[str]) -> Iterable[RunGroup]:
    return (schema.run_group_by_name[name] for name in groups if name in schema.run_group_by_name)
