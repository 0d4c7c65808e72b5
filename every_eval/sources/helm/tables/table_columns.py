"""The columns of a table: which statistics of which run groups it shows, by the schema's metric groups."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.schema import MetricMatcher, ReleaseSchema, RunGroup
from every_eval.sources.helm.tables.pooling import Matcher

VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class TableColumn:
    """A column of statistics."""

    run_group: str
    matcher: Matcher
    label: str
    lower_is_better: bool | None


def table_columns(
    schema: ReleaseSchema, shown: Sequence[tuple[RunGroup, str]], sub_split: str | None = None
) -> tuple[TableColumn, ...]:
    """Return the columns for the pairs of run group and metric group in `shown`, in their order.

    A pair is left out if the run group does not measure the metric group (or, of a "_detailed" metric group, the plain
    one). A metric is left out if the schema does not define it. Labels name the run group if there are several.

    Raises:
        UpstreamMalformed: The schema refers to something that it does not define.
    """
    several = len({group.name for group, _ in shown}) > 1
    return tuple(
        _column(schema, group, matcher, several)
        for group, metric_group in shown
        if is_measured(group, metric_group)
        for matcher in _matchers(schema, group, metric_group, sub_split)
        if matcher.metric_name in schema.metric_by_name
    )


def shown_matchers(schema: ReleaseSchema) -> set[Matcher]:
    """Return the statistics that columns of the schema can show, each of any sub-split."""
    return {
        _substitute(metric, defaultdict(str, group.environment), None)
        for group in schema.run_groups
        for metric_group in schema.metric_groups
        if is_measured(group, metric_group.name)
        for metric in metric_group.metrics
    }


def is_measured(group: RunGroup, metric_group: str) -> bool:
    """Tell whether the run group names the metric group, or the plain form of a detailed metric group."""
    return metric_group.replace("_detailed", "") in group.metric_groups


def _matchers(schema: ReleaseSchema, group: RunGroup, metric_group: str, sub_split: str | None) -> Iterable[Matcher]:
    if metric_group not in schema.metric_group_by_name:
        raise UpstreamMalformed(
            f"schema.json does not define the metric group {metric_group}, which the run group {group.name} names."
        )
    for metric in schema.metric_group_by_name[metric_group].metrics:
        try:
            yield _substitute(metric, group.environment, sub_split)
        except KeyError as missing:
            message = (
                f"schema.json: the metric group {metric_group} needs {missing}, which the run group {group.name} lacks."
            )
            raise UpstreamMalformed(message) from missing


def _substitute(metric: MetricMatcher, environment: Mapping[str, str], sub_split: str | None) -> Matcher:
    """Return the matcher with the environment's values; as in HELM, by a bug, its own sub_split is lost."""
    perturbation = metric.perturbation_name and _put(metric.perturbation_name, environment)
    return Matcher(_put(metric.name, environment), _put(metric.split, environment), perturbation, sub_split)


def _put(text: str, environment: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: environment[found[1]], text)


def _column(schema: ReleaseSchema, group: RunGroup, matcher: Matcher, several: bool) -> TableColumn:
    metric = schema.metric_by_name[matcher.metric_name]
    label = metric.short_label
    if matcher.perturbation_name is not None:
        if matcher.perturbation_name not in schema.perturbation_by_name:
            raise UpstreamMalformed(f"schema.json does not define the perturbation {matcher.perturbation_name}.")
        label += f" ({schema.perturbation_by_name[matcher.perturbation_name].short_label})"
    if several:
        label = f"{group.short_label} - {label}"
    return TableColumn(group.name, matcher, label, metric.lower_is_better)
