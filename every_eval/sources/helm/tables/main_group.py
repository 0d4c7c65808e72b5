"""The first table of a benchmark's main run group, over any choice of runs: the basis of our own leaderboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from every_eval.sources.helm.schema import ReleaseSchema, RunGroup, expand
from every_eval.sources.helm.tables.cells import pool_cell, runs_of_cell
from every_eval.sources.helm.tables.group_tables import GroupedRuns, metric_groups_shown
from every_eval.sources.helm.tables.pooling import Pooled, matched
from every_eval.sources.helm.tables.table_columns import TableColumn, table_columns
from every_eval.sources.helm.tables.table_rows import TableRow
from every_eval.sources.helm.tables.table_runs import Statistic, TableRun


class MainCell(NamedTuple):
    """A cell of the table, and the statistics that it pools with their runs; a repeated statistic counts twice."""

    pooled: Pooled
    statistics: tuple[tuple[TableRun, Statistic], ...]


@dataclass(frozen=True)
class MainGroup:
    """The run group whose first table ranks a benchmark's models, with the columns of the table."""

    schema: ReleaseSchema
    group: RunGroup
    metric_group: str
    """Name of the metric group that the table shows."""
    columns: tuple[TableColumn, ...]
    """Columns without those that the schema does not define."""

    def rows(self, runs: Sequence[TableRun]) -> list[TableRow]:
        """Return the rows in HELM's order, one for each model and deployment; `runs` are in HELM's order."""
        return GroupedRuns(self.schema, runs).rows(self.group, expand(self.schema, self.group))

    def cell(self, row: TableRow, column: TableColumn) -> MainCell:
        """Return the cell by the rules of HELM's own tables."""
        runs = runs_of_cell(row, column, self.metric_group)
        statistics = tuple((run, one) for run in runs for one in matched(run, column.matcher))
        return MainCell(pool_cell(row, column, self.metric_group), statistics)


def find_main_group(schema: ReleaseSchema) -> MainGroup | None:
    """Return the first run group with subgroups in the schema; null if there is none or it shows no metrics."""
    group = next((group for group in schema.run_groups if group.subgroups), None)
    if group is None:
        return None
    subgroups = expand(schema, group)
    metric_groups = [metric_group.name for metric_group in metric_groups_shown(schema, group, subgroups)]
    if not metric_groups:
        return None
    columns = table_columns(schema, [(subgroup, metric_groups[0]) for subgroup in subgroups])
    return MainGroup(schema, group, metric_groups[0], tuple(column for column in columns if column.problem is None))
