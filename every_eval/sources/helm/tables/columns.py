"""The columns of a table: which statistics of which run groups it shows, from the schema's metric groups."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.schema import MetricMatcher, RunGroup, Schema
from every_eval.sources.helm.tables.pooling import Matcher

VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Column:
    """A column of statistics."""

    run_group: str
    matcher: Matcher
    label: str
    lower_is_better: bool | None


def table_columns(
    schema: Schema, shown: Sequence[tuple[RunGroup, str]], sub_split: str | None = None
) -> tuple[Column, ...]:
    """Columns for the pairs of run group and metric group `shown`, in order.

    A pair is left out where the run group does not measure the metric group, "_detailed" aside; so is a metric that the
    schema does not define. Labels name the run group where there is more than one. Raises `UpstreamMalformed` where the
    schema refers to what it lacks.
    """
    several = len({group.name for group, _ in shown}) > 1
    return tuple(
        _column(schema, group, matcher, several)
        for group, metric_group in shown
        if is_measured(group, metric_group)
        for matcher in _matchers(schema, group, metric_group, sub_split)
        if matcher.metric_name in schema.metric_by_name
    )


def shown_matchers(schema: Schema) -> set[Matcher]:
    """Which statistics columns of the schema can show, each of any sub-split."""
    return {
        _substitute(metric, defaultdict(str, group.environment), None)
        for group in schema.run_groups
        for metric_group in schema.metric_groups
        if is_measured(group, metric_group.name)
        for metric in metric_group.metrics
    }


def is_measured(group: RunGroup, metric_group: str) -> bool:
    """Whether the run group names the metric group, or the plain form of a detailed one."""
    return metric_group.replace("_detailed", "") in group.metric_groups


def _matchers(schema: Schema, group: RunGroup, metric_group: str, sub_split: str | None) -> Iterable[Matcher]:
    if metric_group not in schema.metric_group_by_name:
        raise UpstreamMalformed(f"schema.json: run group {group.name} names {metric_group}, no metric group")
    for metric in schema.metric_group_by_name[metric_group].metrics:
        try:
            yield _substitute(metric, group.environment, sub_split)
        except KeyError as missing:
            message = f"schema.json: {metric_group} needs {missing}, which run group {group.name} does not set"
            raise UpstreamMalformed(message) from missing


def _substitute(metric: MetricMatcher, environment: Mapping[str, str], sub_split: str | None) -> Matcher:
    """The matcher with the environment's values put in; its own sub_split is lost, a bug that HELM's tables show."""
    perturbation = metric.perturbation_name and _put(metric.perturbation_name, environment)
    return Matcher(_put(metric.name, environment), _put(metric.split, environment), perturbation, sub_split)


def _put(text: str, environment: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: environment[found[1]], text)


def _column(schema: Schema, group: RunGroup, matcher: Matcher, several: bool) -> Column:
    metric = schema.metric_by_name[matcher.metric_name]
    label = metric.short_label
    if matcher.perturbation_name is not None:
        if matcher.perturbation_name not in schema.perturbation_by_name:
            raise UpstreamMalformed(f"schema.json: {matcher.perturbation_name} is no perturbation")
        label += f" ({schema.perturbation_by_name[matcher.perturbation_name].short_label})"
    if several:
        label = f"{group.short_label} - {label}"
    return Column(group.name, matcher, label, metric.lower_is_better)
