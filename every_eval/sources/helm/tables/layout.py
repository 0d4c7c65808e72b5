"""Which tables a run group has, and which rows and columns each: HELM's `create_group_tables_by_*`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.schema import BY_GROUP, NO_GROUPS, THIS_GROUP_ONLY, MetricGroup, RunGroup, Schema
from every_eval.sources.helm.tables.columns import Column, table_columns
from every_eval.sources.helm.tables.rows import Methods, Row
from every_eval.sources.helm.tables.runs import Frozen, ReportedRun

WIN_RATE = "win_rate"
MEAN = "mean"


@dataclass(frozen=True)
class Layout:
    """A table without its values."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    aggregates: tuple[str, ...] = ()
    """Strategies whose columns stand before the others: `win_rate`, `mean`."""


class GroupedRuns:
    """A release's runs by group, scenario and adaptation, each in the order in which HELM met it."""

    def __init__(self, schema: Schema, runs: Iterable[ReportedRun]) -> None:
        """`runs` in HELM's order; one given twice is pooled twice."""
        self.schema = schema
        self.model_of_deployment: dict[str, str] = {}
        self._by_adapter: dict[str, dict[Frozen, list[ReportedRun]]] = defaultdict(lambda: defaultdict(list))
        self._by_scenario: dict[str, dict[Frozen, dict[Frozen, list[ReportedRun]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        for run in runs:
            adapter = run.spec.adapter_spec
            self.model_of_deployment.setdefault(adapter.get("model_deployment", ""), adapter.get("model", ""))
            adapter_key, scenario_key = run.adapter_key, run.scenario_key
            for group in run.spec.groups:
                self._by_adapter[group][adapter_key].append(run)
                self._by_scenario[group][scenario_key][adapter_key].append(run)

    def layouts(self, group: RunGroup) -> list[Layout]:
        """The group's tables, in order."""
        subgroups = expand(self.schema, group)
        if group.subgroup_display_mode == BY_GROUP or len(subgroups) == 1:
            return [layout for subgroup in subgroups for layout in self._of_subgroup(group, subgroup)]
        return list(self._by_metric_group(group, subgroups))

    def rows(self, group: RunGroup, subgroups: Sequence[RunGroup]) -> list[Row]:
        """The rows of a table that has the subgroups as its columns.

        A run that is in two of the subgroups is in its row twice, and counts twice: HELM's own doing.
        """
        methods = Methods(group.adapter_keys_shown)
        for subgroup in subgroups:
            for runs in self._by_adapter[subgroup.name].values():
                if shown := self._visible(runs, group):
                    methods.add(runs[0], shown)
        return methods.rows(self.schema, self.model_of_deployment)

    def _by_metric_group(self, group: RunGroup, subgroups: Sequence[RunGroup]) -> Iterator[Layout]:
        """A table for each metric group, the subgroups being its columns."""
        rows = self.rows(group, subgroups)
        for name in metric_groups_shown(group, subgroups) if rows else ():
            metric_group = _metric_group(self.schema, name)
            columns = table_columns(self.schema, [(subgroup, name) for subgroup in subgroups])
            yield Layout(name, metric_group.short_label, columns, rows, aggregates(metric_group))

    def _of_subgroup(self, group: RunGroup, subgroup: RunGroup) -> list[Layout]:
        """A table for each scenario of the subgroup, after one over all of them if they are several."""
        shown = [(subgroup, name) for name in subgroup.metric_groups]
        if not shown:
            return []
        by_scenario = [
            layout
            for scenario in list(self._by_scenario[subgroup.name])
            for layout in self._of_scenario(group, subgroup, scenario)
        ]
        n_scenarios = len(by_scenario) // (1 + len(subgroup.sub_splits or ()))
        methods = Methods(group.adapter_keys_shown)
        for runs in self._by_adapter[subgroup.name].values():
            methods.add(runs[0], self._visible(runs, group))
        if n_scenarios < 2 or not methods:
            return by_scenario
        rows = methods.rows(self.schema, self.model_of_deployment)
        title = str(subgroup.display_name)
        return [Layout(subgroup.name, title, table_columns(self.schema, shown), rows), *by_scenario]

    def _of_scenario(self, group: RunGroup, subgroup: RunGroup, scenario: Frozen) -> Iterator[Layout]:
        """The scenario's table, and one for each sub-split that the subgroup sets apart.

        The runs are those of `group`, not of `subgroup`: a run that is in the subgroup alone has no such table. HELM
        reads them so.
        """
        methods = Methods(group.adapter_keys_shown, on_scenario=True)
        # Looking a scenario up leaves it in the group, as it does in HELM, where later groups can come upon it.
        for runs in self._by_scenario[group.name][scenario].values():
            methods.add(runs[0], self._visible(runs, group))
        if not methods:
            return
        shown = [(subgroup, name) for name in subgroup.metric_groups]
        rows = methods.rows(self.schema, self.model_of_deployment)
        arguments = _arguments(next(iter(self._by_scenario[group.name][scenario].values()))[0])
        name = f"{subgroup.name}_{arguments.replace(' ', '').replace('/', '_')}"
        title = arguments if group.name in name else f"{subgroup.display_name} {arguments}"
        yield Layout(name, title, table_columns(self.schema, shown), rows)
        for sub_split in subgroup.sub_splits or ():
            columns = table_columns(self.schema, shown, sub_split)
            title = f"{subgroup.display_name} (sub-split: {sub_split})"
            yield Layout(f"{subgroup.name}:sub_split={sub_split}", title, columns, rows)

    def _visible(self, runs: Iterable[ReportedRun], group: RunGroup) -> list[ReportedRun]:
        return [run for run in runs if is_visible(self.schema, run.spec.groups, group)]


def expand(schema: Schema, group: RunGroup, met: set[str] | None = None) -> list[RunGroup]:
    """The group and all groups below it, each once, parents first."""
    met = set() if met is None else met
    if group.name in met:
        return []
    met.add(group.name)
    unknown = [name for name in group.subgroups if name not in schema.run_group_by_name]
    if unknown:
        raise UpstreamMalformed(f"schema.json: run group {group.name} contains {unknown[0]}, which is no run group")
    below = (expand(schema, schema.run_group_by_name[name], met) for name in group.subgroups)
    return [group, *(subgroup for subgroups in below for subgroup in subgroups)]


def is_visible(schema: Schema, groups: Iterable[str], group: RunGroup) -> bool:
    """Whether a run of `groups` is shown among the runs of `group`: ablations only among their own."""
    visible = group.visibility != THIS_GROUP_ONLY
    for other in (schema.run_group_by_name[name] for name in groups if name in schema.run_group_by_name):
        if other.visibility == NO_GROUPS:
            return False
        if other.visibility == THIS_GROUP_ONLY and other.name == group.name:
            return True
        visible = visible and other.visibility != THIS_GROUP_ONLY
    return visible


def metric_groups_shown(group: RunGroup, subgroups: Sequence[RunGroup]) -> list[str]:
    """The metric groups that the group names, else its subgroups': the detailed one in place of the plain one."""
    if group.metric_groups:
        return list(group.metric_groups)
    names = list(dict.fromkeys(name for subgroup in subgroups for name in subgroup.metric_groups))
    hidden = group.subgroup_metric_groups_hidden
    return [name for name in names if f"{name}_detailed" not in names and name not in hidden]


def aggregates(metric_group: MetricGroup) -> tuple[str, ...]:
    """The strategies by which a table of the metric group sums its columns up."""
    if metric_group.aggregation_strategies is not None:
        return metric_group.aggregation_strategies
    return () if metric_group.hide_win_rates else (WIN_RATE,)


def _metric_group(schema: Schema, name: str) -> MetricGroup:
    if name not in schema.metric_group_by_name:
        raise UpstreamMalformed(f"schema.json: {name} is no metric group")
    return schema.metric_group_by_name[name]


def _arguments(run: ReportedRun) -> str:
    args: dict[str, Any] = run.spec.scenario_spec.args
    return ", ".join(f"{key}: {value}" for key, value in args.items())
