"""Group tables of releases without a schema.json (HELM before 0.4.0): the published structure with our values.

The runs of a row are known from the links that HELM put on the labels of tables over one scenario. The statistic of a
column is known from `legacy_names`. If either is not certain, the cell stays unidentified.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from every_eval.contracts.comprehensive_stats import REPORTED
from every_eval.sources.helm.published_cells import PublishedCell
from every_eval.sources.helm.tables import legacy_names
from every_eval.sources.helm.tables.cells import AggregateCell, RecomputedCell, pool_cell
from every_eval.sources.helm.tables.pooling import Pooled
from every_eval.sources.helm.tables.rules import WIN_RATE_LABEL
from every_eval.sources.helm.tables.table_columns import TableColumn
from every_eval.sources.helm.tables.table_rows import TableRow
from every_eval.sources.helm.tables.table_runs import Frozen, TableRun
from every_eval.statistics.win_rates import mean_win_rates_by_row

CONTAMINATION_SYMBOLS = "⚠☠"
STRONG = "strong"

Table = Sequence[Sequence[PublishedCell]]
"""The rows of a published table."""


def recount(runs: Sequence[TableRun], suites: Sequence[str]) -> list[TableRun]:
    """Return the runs as HELM 0.2.4 and 0.3.0 count them: for each suite, the runs of that suite and of all before it.

    By this bug of HELM, runs of older suites count several times; HELM's published tables show it.
    """
    return [run for last in range(len(suites)) for run in runs if run.suite in suites[: last + 1]]


class LegacyTables:
    """The identified cells of a release's published tables."""

    def __init__(self, cells: Sequence[PublishedCell], runs: Iterable[TableRun]) -> None:
        """`runs` are in HELM's order, each as often as HELM counts it."""
        self._tables: dict[tuple[str, int], dict[int, list[PublishedCell]]] = defaultdict(lambda: defaultdict(list))
        self._linked: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._runs: dict[str, dict[Frozen, list[TableRun]]] = defaultdict(lambda: defaultdict(list))
        for cell in cells:
            self._tables[cell.group, cell.table_index][cell.row_index].append(cell)
            if cell.column_index == 0:
                self._linked[cell.group, _plain(cell)] += Counter(cell.run_spec_names or ())
        for run in runs:
            adapter_key = run.adapter_key
            for group in run.spec.groups:
                self._runs[group][adapter_key].append(run)

    def cells(self) -> Iterator[RecomputedCell]:
        """Yield our values of identified cells: win rates from published columns, other values from the runs."""
        for (group, _), rows in self._tables.items():
            table = list(rows.values())
            yield from _win_rates(table)
            shown = self._groups_shown(group)
            for row in table:
                yield from self._pooled(group, shown, row)

    def _groups_shown(self, group: str) -> list[str]:
        """Return the run groups that have columns in the group's tables: its subgroups that have a run, in order."""
        labels = (c.run_group for (name, _), rows in self._tables.items() if name == group for c in rows[0])
        return list(dict.fromkeys(name for label in labels if (name := legacy_names.run_group(label)) is not None))

    def _pooled(self, group: str, shown: Sequence[str], row: Sequence[PublishedCell]) -> Iterator[RecomputedCell]:
        runs = self._runs_of(group, shown, row[0])
        if runs is None:
            return
        models = {str(run.spec.adapter_spec.get("model")) for run in runs}
        identified = TableRow(row[0].row_label or "", models.pop() if len(models) == 1 else None, None, runs)
        for cell in row:
            name = legacy_names.run_group(cell.run_group)
            matcher = legacy_names.matcher(cell.run_group, cell.column_title, cell.perturbation)
            if name is not None and matcher is not None:
                column = TableColumn(name, matcher, cell.column, cell.lower_is_better)
                yield _cell(cell, identified.model, column, pool_cell(identified, column, cell.table_name or ""))

    def _runs_of(self, group: str, shown: Sequence[str], label: PublishedCell) -> list[TableRun] | None:
        """Return the runs of a row; null if they are not certain.

        A table over one scenario links its runs. Any other table holds, for each subgroup, the runs that the subgroup's
        own tables link. This does not hold if `group` is an ablation, which shows other runs than the tables of its
        subgroups, nor for a part of one scenario.
        """
        if label.run_spec_names is not None:
            return self._known(group, Counter(label.run_spec_names))
        is_ablation = group in self._runs and list(shown) != [group]
        if is_ablation or ":sub_split=" in (label.table_name or ""):
            return None
        parts = [self._known(name, self._linked[name, _plain(label)]) for name in shown]
        known = [part for part in parts if part is not None]
        # Every row of such a table has runs. If none is found, the links use another label.
        return [run for part in known for run in part] or None if len(known) == len(parts) else None

    def _known(self, group: str, names: Mapping[str, int]) -> list[TableRun] | None:
        """Return the group's runs of these names in HELM's order; null if HELM linked another number of them."""
        adapted = self._runs.get(group, {}).values()
        runs = [run for runs in adapted for run in runs if run.spec.name in names]
        return runs if Counter(run.spec.name for run in runs) == names else None


def _win_rates(table: Table) -> Iterator[RecomputedCell]:
    at = [cell.column_index for cell in table[0] if cell.column == WIN_RATE_LABEL]
    columns = [[_ranked(row[index]) for row in table] for index in range(len(table[0])) if index not in at]
    directions = [cell.lower_is_better for cell in table[0] if cell.column_index not in at]
    for index in at:
        for row, rate in zip(table, mean_win_rates_by_row(columns, directions), strict=True):
            # It follows from the published columns alone.
            origin = None if rate is None else REPORTED
            yield _cell(row[index], None, None, AggregateCell(rate, reported_value=rate, score_origin=origin))


def _ranked(cell: PublishedCell) -> float | None:
    return None if cell.contamination_level == STRONG else cell.value


def _plain(label: PublishedCell) -> str:
    """Return the label without the contamination sign that tables over one run group add."""
    return (label.row_label or "").rstrip(CONTAMINATION_SYMBOLS)


def _cell(
    cell: PublishedCell,
    model: str | None,
    column: TableColumn | None,
    numbers: Pooled | AggregateCell,
) -> RecomputedCell:
    return RecomputedCell(
        cell.group,
        cell.table_index,
        cell.row_index,
        cell.column_index,
        cell.table_name,
        cell.row_label,
        cell.column,
        column.run_group if column else None,
        model,
        None,
        column.matcher if column else None,
        *numbers,
    )
