"""A release's schema.json: the models, metrics and run groups that its tables are built from.

HELM writes the file from the classes in `presentation/schema.py` and leaves out what is not set. Fields that we do not
read are not declared.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from every_eval.errors import UpstreamMalformed

ALL_GROUPS = "all_groups"
THIS_GROUP_ONLY = "this_group_only"
NO_GROUPS = "no_groups"

MAX_NESTING = 50
"""Levels of run groups below a group that its tables show; HELM's own schemas have up to three."""

BY_METRIC = "by_metric"
BY_GROUP = "by_group"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that HELM displays under a name: a metric, a perturbation, a metric group or a run group."""

    name: str
    display_name: str | None = None
    short_display_name: str | None = None
    description: str | None = None
    lower_is_better: bool | None = None

    @property
    def short_label(self) -> str:
        """The name in a column's header."""
        return self.short_display_name or self.display_name or self.name


class SchemaModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model, as the release describes it."""

    name: str
    display_name: str | None = None
    creator_organization: str | None = None
    access: str | None = None
    release_date: str | None = None
    num_parameters: int | float | None = None

    @property
    def n_parameters(self) -> int | None:
        """Number of parameters; null if it is not stated, or is no number that a model can have."""
        stated = self.num_parameters
        return int(stated) if stated is not None and 0 <= stated < 2**63 else None


class MetricMatcher(msgspec.Struct, frozen=True, kw_only=True):
    """The statistic that a column shows; its texts may hold `${variables}` of a run group's environment."""

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
    """Runs that are displayed together; the specification of a run names its groups."""

    metric_groups: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    sub_splits: tuple[str, ...] | None = None
    subgroup_display_mode: str = BY_METRIC
    subgroup_metric_groups_hidden: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    category: str = "Scenarios"
    visibility: str = ALL_GROUPS
    adapter_keys_shown: tuple[str, ...] = ("model_deployment", "model")


class ReleaseSchema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The content of schema.json."""

    metrics: tuple[Field, ...]
    perturbations: tuple[Field, ...]
    metric_groups: tuple[MetricGroup, ...]
    run_groups: tuple[RunGroup, ...]
    models: tuple[SchemaModel, ...] = ()

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
    def model_by_name(self) -> dict[str, SchemaModel]:
        """Models by name, in the release's order."""
        return {model.name: model for model in self.models}


class MainMetric(NamedTuple):
    """The statistic that ranks the models in a run group."""

    metric_name: str
    split: str


def decode_schema(raw: bytes, file: str = "schema.json") -> ReleaseSchema:
    """Decode a schema.json; `UpstreamMalformed` names the file and the place of an error."""
    try:
        return msgspec.json.decode(raw, type=ReleaseSchema)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpstreamMalformed(f"{file}: {error}") from error


def expand(schema: ReleaseSchema, group: RunGroup, max_depth: int = MAX_NESTING) -> list[RunGroup]:
    """Return the group and the groups up to `max_depth` levels below it that the schema defines, each once.

    Parents come first. Names that the schema does not define are left out.
    """
    found: dict[str, RunGroup] = {}
    waiting = [(group, 0)]
    while waiting:  # A schema can nest groups deeper than Python nests calls.
        one, depth = waiting.pop()
        if one.name not in found:
            found[one.name] = one
            names = reversed(one.subgroups if depth < max_depth else ())
            below = (schema.run_group_by_name.get(name) for name in names)
            waiting += [(subgroup, depth + 1) for subgroup in below if subgroup is not None]
    return list(found.values())


def main_metric(group: RunGroup) -> MainMetric | None:
    """Return the main metric that the group's environment names; HELM writes "none" if there is none."""
    name, split = group.environment.get("main_name"), group.environment.get("main_split")
    if name in (None, "none") or split in (None, "none"):
        return None
    return MainMetric(str(name), str(split))


def main_metrics(schema: ReleaseSchema, groups: Sequence[str]) -> tuple[MainMetric, ...]:
    """Return the distinct main metrics of `groups`, in the order of the groups."""
    return tuple(dict.fromkeys(metric for group in _known(schema, groups) if (metric := main_metric(group))))


def categories(schema: ReleaseSchema, groups: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct categories of `groups` in the schema, in the order of the groups."""
    return tuple(dict.fromkeys(group.category for group in _known(schema, groups)))


def _known(schema: ReleaseSchema, groups: Sequence[str]) -> Iterable[RunGroup]:
    return (schema.run_group_by_name[name] for name in groups if name in schema.run_group_by_name)
