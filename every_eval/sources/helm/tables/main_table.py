"""A benchmark's main table, over whichever runs the caller holds to count: the ground of our own leaderboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from every_eval.errors import ConfigurationError
from every_eval.sources.helm.schema import RunGroup, Schema
from every_eval.sources.helm.tables.cells import pool_cell, runs_of_cell
from every_eval.sources.helm.tables.columns import Column, table_columns
from every_eval.sources.helm.tables.layout import GroupedRuns, expand, metric_groups_shown
from every_eval.sources.helm.tables.pooling import Pooled, matched
from every_eval.sources.helm.tables.rows import Row
from every_eval.sources.helm.tables.runs import ReportedRun, Statistic


class MainCell(NamedTuple):
    """A cell of a main table, and the statistics that it pools, each with its run; one given twice counts twice."""

    pooled: Pooled
    statistics: tuple[tuple[ReportedRun, Statistic], ...]


@dataclass(frozen=True)
class MainTable:
    """A benchmark's main table without its rows."""

    schema: Schema
    group: RunGroup
    metric_group: str
    columns: tuple[Column, ...]
    """Each with its run group, the matcher of its statistic, its label and its direction."""

    def rows(self, runs: Sequence[ReportedRun]) -> list[Row]:
        """The rows in HELM's order, one a model and deployment; `runs` in HELM's order, the latest alone or all."""
        return GroupedRuns(self.schema, runs).rows(self.group, expand(self.schema, self.group))

    def cell(self, row: Row, column: Column) -> MainCell:
        """The cell, by the rules of HELM's own tables."""
        runs = runs_of_cell(row, column, self.metric_group)
        statistics = tuple((run, one) for run in runs for one in matched(run, column.matcher))
        return MainCell(pool_cell(row, column, self.metric_group), statistics)


def main_table(schema: Schema, group: str | None = None) -> MainTable | None:
    """The first table of `group`, by default of the first run group with subgroups in the schema's order.

    Null if no run group has subgroups, or the group shows no metrics. Raises `ConfigurationError` if it is unknown.
    """
    if group is not None and group not in schema.run_group_by_name:
        raise ConfigurationError(f"{group} is not among the run groups: {', '.join(schema.run_group_by_name)}")
    named = [schema.run_group_by_name[group]] if group else [one for one in schema.run_groups if one.subgroups]
    if not named:
        return None
    subgroups = expand(schema, named[0])
    metric_groups = metric_groups_shown(named[0], subgroups)
    if not metric_groups:
        return None
    columns = table_columns(schema, [(subgroup, metric_groups[0]) for subgroup in subgroups])
    return MainTable(schema, named[0], metric_groups[0], columns)
