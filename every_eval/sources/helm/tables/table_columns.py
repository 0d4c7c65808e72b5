"""The columns of a table: which statistics of which run groups it shows, by the schema's metric groups."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from every_eval.sources.helm.schema import MAX_NESTING, MetricMatcher, ReleaseSchema, RunGroup, expand, main_metric
from every_eval.sources.helm.tables.pooling import Matcher

VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class TableColumn:
    """A column of statistics."""

    run_group: str
    matcher: Matcher
    label: str
    lower_is_better: bool | None
    problem: str | None = None
    """What the schema leaves undefined; then the column is blank, and its matcher is as the schema writes it."""


def table_columns(
    schema: ReleaseSchema, shown: Sequence[tuple[RunGroup, str]], sub_split: str | None = None
) -> tuple[TableColumn, ...]:
    """Return the columns for the pairs of run group and metric group in `shown`, in their order.

    A pair is left out if the run group does not measure the metric group (or, of a "_detailed" metric group, the plain
    one). A metric is left out if the schema does not define it. Labels name the run group if there are several. A
    column that needs something that the schema does not define is there, with a `problem`.
    """
    several = len({group.name for group, _ in shown}) > 1
    return tuple(
        column
        for group, metric_group in shown
        if is_measured(group, metric_group) and metric_group in schema.metric_group_by_name
        for metric in schema.metric_group_by_name[metric_group].metrics
        if (column := _column(schema, group, metric_group, metric, sub_split, several)) is not None
    )


def problems(schema: ReleaseSchema) -> tuple[str, ...]:
    """Return what the schema refers to and does not define: a sentence for each."""
    unknown = [
        f"the run group {group.name} names the {kind} {name}, which is not defined"
        for group in schema.run_groups
        for kind, names, known in (
            ("metric group", group.metric_groups, schema.metric_group_by_name),
            ("run group", group.subgroups, schema.run_group_by_name),
        )
        for name in names
        if name not in known
    ]
    named = dict.fromkeys(name for group in schema.run_groups for name in group.metric_groups)
    shown = [(group, name) for group in schema.run_groups for name in named]
    deep = [
        f"the run group {group.name} has groups more than {MAX_NESTING} levels below it, which its tables leave out"
        for group in schema.run_groups
        if len(expand(schema, group)) < len(expand(schema, group, MAX_NESTING + 1))
    ]
    of_columns = [column.problem for column in table_columns(schema, shown) if column.problem is not None]
    metrics = [
        f"the run group {group.name} sets main_name to {metric.metric_name}, a metric that is not defined"
        for group in schema.run_groups
        if (metric := main_metric(group)) is not None and metric.metric_name not in schema.metric_by_name
    ]
    return tuple(f"schema.json: {problem}." for problem in dict.fromkeys([*unknown, *deep, *of_columns, *metrics]))


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


def _substitute(metric: MetricMatcher, environment: Mapping[str, str], sub_split: str | None) -> Matcher:
    """Return the matcher with the environment's values; as in HELM, by a bug, its own sub_split is lost."""
    perturbation = metric.perturbation_name and _put(metric.perturbation_name, environment)
    return Matcher(_put(metric.name, environment), _put(metric.split, environment), perturbation, sub_split)


def _put(text: str, environment: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: environment[found[1]], text)


class _Written(dict[str, str]):
    """An environment in which a variable that is not set stays as the schema writes it."""

    def __missing__(self, variable: str) -> str:
        return f"${{{variable}}}"


def _column(
    schema: ReleaseSchema,
    group: RunGroup,
    metric_group: str,
    metric: MetricMatcher,
    sub_split: str | None,
    several: bool,
) -> TableColumn | None:
    """Return the column that shows the metric; null if the schema does not define the metric."""
    matcher = _substitute(metric, _Written(group.environment), sub_split)
    problem = _problem(schema, group, metric_group, matcher)
    shown = schema.metric_by_name.get(matcher.metric_name)
    if shown is None and problem is None:
        return None
    label = shown.short_label if shown else matcher.metric_name
    if matcher.perturbation_name is not None:
        perturbation = schema.perturbation_by_name.get(matcher.perturbation_name)
        label += f" ({perturbation.short_label if perturbation else matcher.perturbation_name})"
    if several:
        label = f"{group.short_label} - {label}"
    return TableColumn(group.name, matcher, label, shown.lower_is_better if shown else None, problem)


def _problem(schema: ReleaseSchema, group: RunGroup, metric_group: str, matcher: Matcher) -> str | None:
    """Return what the schema does not define of a column; null if nothing."""
    texts = filter(None, (matcher.metric_name, matcher.split, matcher.perturbation_name))
    unset = list(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))
    if unset:
        named = f"variable {unset[0]}" if len(unset) == 1 else f"variables {' and '.join(unset)}"
        return f"the metric group {metric_group} needs the {named}, which the run group {group.name} does not set"
    if matcher.metric_name not in schema.metric_by_name or matcher.perturbation_name is None:
        return None
    if matcher.perturbation_name in schema.perturbation_by_name:
        return None
    return f"the metric group {metric_group} names the perturbation {matcher.perturbation_name}, which is not defined"
