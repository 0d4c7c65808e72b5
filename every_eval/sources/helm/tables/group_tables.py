"""Which tables a run group has, and which rows and columns each has: HELM's `create_group_tables_by_*`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from every_eval.sources.helm.schema import (
    BY_GROUP,
    NO_GROUPS,
    THIS_GROUP_ONLY,
    MetricGroup,
    ReleaseSchema,
    RunGroup,
    expand,
)
from every_eval.sources.helm.tables.table_columns import TableColumn, table_columns
from every_eval.sources.helm.tables.table_rows import Methods, TableRow
from every_eval.sources.helm.tables.table_runs import Frozen, TableRun

WIN_RATE = "win_rate"
MEAN = "mean"


@dataclass(frozen=True)
class TableLayout:
    """A table without its values."""

    name: str
    title: str
    columns: tuple[TableColumn, ...]
    rows: Sequence[TableRow]
    aggregates: tuple[str, ...] = ()
    """Strategies of the aggregate columns, which stand before the others: `win_rate`, `mean`."""


class GroupedRuns:
    """A release's runs by group, scenario and adaptation, each in the order in which HELM read them."""

    def __init__(self, schema: ReleaseSchema, runs: Iterable[TableRun]) -> None:
        """`runs` are in HELM's order; a run that is given twice is pooled twice."""
        self.schema = schema
        self.model_of_deployment: dict[str, str] = {}
        self._by_adapter: dict[str, dict[Frozen, list[TableRun]]] = defaultdict(lambda: defaultdict(list))
        self._by_scenario: dict[str, dict[Frozen, dict[Frozen, list[TableRun]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        for run in runs:
            adapter = run.spec.adapter_spec
            self.model_of_deployment.setdefault(adapter.get("model_deployment", ""), adapter.get("model", ""))
            adapter_key, scenario_key = run.adapter_key, run.scenario_key
            for group in run.spec.groups:
                self._by_adapter[group][adapter_key].append(run)
                self._by_scenario[group][scenario_key][adapter_key].append(run)

    def layouts(self, group: RunGroup) -> list[TableLayout]:
        """Return the group's tables in their order."""
        subgroups = expand(self.schema, group)
        if group.subgroup_display_mode == BY_GROUP or len(subgroups) == 1:
            return [layout for subgroup in subgroups for layout in self._of_subgroup(group, subgroup)]
        return list(self._by_metric_group(group, subgroups))

    def rows(self, group: RunGroup, subgroups: Sequence[RunGroup]) -> list[TableRow]:
        """Return the rows of a table that has the subgroups as its columns.

        As in HELM, a run that is in two of the subgroups is in its row twice and counts twice.
        """
        methods = Methods(group.adapter_keys_shown)
        for subgroup in subgroups:
            for runs in self._by_adapter[subgroup.name].values():
                if shown := self._visible(runs, group):
                    methods.add(runs[0], shown)
        return methods.rows(self.schema, self.model_of_deployment)

    def _by_metric_group(self, group: RunGroup, subgroups: Sequence[RunGroup]) -> Iterator[TableLayout]:
        """Yield a table for each metric group, with the subgroups as columns."""
        rows = self.rows(group, subgroups)
        for metric_group in metric_groups_shown(self.schema, group, subgroups) if rows else ():
            name = metric_group.name
            columns = table_columns(self.schema, [(subgroup, name) for subgroup in subgroups])
            yield TableLayout(name, metric_group.short_label, columns, rows, aggregates(metric_group))

    def _of_subgroup(self, group: RunGroup, subgroup: RunGroup) -> list[TableLayout]:
        """Return a table for each scenario of the subgroup, after a table over all scenarios if there are several."""
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
        return [TableLayout(subgroup.name, title, table_columns(self.schema, shown), rows), *by_scenario]

    def _of_scenario(self, group: RunGroup, subgroup: RunGroup, scenario: Frozen) -> Iterator[TableLayout]:
        """Yield the scenario's table, and a table for each sub-split that the subgroup names.

        As in HELM, the runs are those of `group` and not of `subgroup`: a run in the subgroup alone has no such table.
        """
        methods = Methods(group.adapter_keys_shown, on_scenario=True)
        # Looking up a scenario adds it to the group, as in HELM, where later groups can find it there.
        for runs in self._by_scenario[group.name][scenario].values():
            methods.add(runs[0], self._visible(runs, group))
        if not methods:
            return
        shown = [(subgroup, name) for name in subgroup.metric_groups]
        rows = methods.rows(self.schema, self.model_of_deployment)
        arguments = _arguments(next(iter(self._by_scenario[group.name][scenario].values()))[0])
        name = f"{subgroup.name}_{arguments.replace(' ', '').replace('/', '_')}"
        title = arguments if group.name in name else f"{subgroup.display_name} {arguments}"
        yield TableLayout(name, title, table_columns(self.schema, shown), rows)
        for sub_split in subgroup.sub_splits or ():
            columns = table_columns(self.schema, shown, sub_split)
            title = f"{subgroup.display_name} (sub-split: {sub_split})"
            yield TableLayout(f"{subgroup.name}:sub_split={sub_split}", title, columns, rows)

    def _visible(self, runs: Iterable[TableRun], group: RunGroup) -> list[TableRun]:
        return [run for run in runs if is_visible(self.schema, run.spec.groups, group)]


def is_visible(schema: ReleaseSchema, groups: Iterable[str], group: RunGroup) -> bool:
    """Tell whether a run of `groups` is shown among the runs of `group`: an ablation only among its own runs."""
    visible = group.visibility != THIS_GROUP_ONLY
    for other in (schema.run_group_by_name[name] for name in groups if name in schema.run_group_by_name):
        if other.visibility == NO_GROUPS:
            return False
        if other.visibility == THIS_GROUP_ONLY and other.name == group.name:
            return True
        visible = visible and other.visibility != THIS_GROUP_ONLY
    return visible


def metric_groups_shown(schema: ReleaseSchema, group: RunGroup, subgroups: Sequence[RunGroup]) -> list[MetricGroup]:
    """Return the metric groups of the group, else of its subgroups: the detailed one in place of the plain one.

    Metric groups that the schema does not define are left out.
    """
    names: Sequence[str] = group.metric_groups
    if not names:
        found = list(dict.fromkeys(name for subgroup in subgroups for name in subgroup.metric_groups))
        hidden = group.subgroup_metric_groups_hidden
        names = [name for name in found if f"{name}_detailed" not in found and name not in hidden]
    return [schema.metric_group_by_name[name] for name in names if name in schema.metric_group_by_name]


def aggregates(metric_group: MetricGroup) -> tuple[str, ...]:
    """Return the strategies by which a table of the metric group aggregates its columns."""
    if metric_group.aggregation_strategies is not None:
        return metric_group.aggregation_strategies
    return () if metric_group.hide_win_rates else (WIN_RATE,)


def _arguments(run: TableRun) -> str:
    args: dict[str, Any] = run.spec.scenario_spec.args
    return ", ".join(f"{key}: {value}" for key, value in args.items())
