"""Recompute the cells of a release's group tables from its schema and the statistics that its runs report."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.schema import ReleaseSchema
from every_eval.sources.helm.tables.group_tables import MEAN, WIN_RATE, GroupedRuns, TableLayout
from every_eval.sources.helm.tables.pooling import Matcher, Pooled, pool
from every_eval.sources.helm.tables.reported_runs import ReportedRun
from every_eval.sources.helm.tables.rules import Rules
from every_eval.sources.helm.tables.table_columns import TableColumn
from every_eval.sources.helm.tables.table_rows import TableRow
from every_eval.statistics.win_rates import mean_scores, mean_win_rates, mean_win_rates_by_row

LOGPROBS_ISSUE_MODELS = frozenset(
    {
        "anthropic/stanford-online-all-v4-s3",
        *(f"meta/llama-{size}" for size in ("7b", "13b", "30b", "65b", "2-7b", "2-13b", "2-70b")),
    }
)
"""Models whose log-probabilities HELM does not trust."""

LOGPROBS_ISSUE_METRICS = frozenset(
    {
        *(f"{metric}@{depth}" for metric in ("NDCG", "RR") for depth in (10, 20)),
        *(f"{scaling}ece_{bins}_bin" for scaling in ("", "platt_") for bins in (1, 10)),
        *("platt_coef", "platt_intercept", "selective_cov_acc_area", "selective_acc@10"),
    }
)
"""Metrics that HELM leaves blank for these models."""


class RecomputedCell(NamedTuple):
    """A recomputed cell; in an aggregate column, the fields about pooled statistics are null."""

    group: str
    table_index: int
    row_index: int
    column_index: int
    table_name: str | None
    row_label: str | None
    column: str
    run_group: str | None
    model_name: str | None
    model_deployment: str | None
    matcher: Matcher | None
    value: float | None
    n_runs: int | None
    n_trials: int | None


def recompute_cells(schema: ReleaseSchema, runs: Sequence[ReportedRun], rules: Rules) -> Iterator[RecomputedCell]:
    """Yield every cell of every group table, except labels, in HELM's order of groups, tables, rows and columns.

    `runs` are in the order in which HELM reads them.
    """
    grouped = GroupedRuns(schema, runs)
    for group in schema.run_group_by_name.values():
        layouts = grouped.layouts(group)
        kept = [one for one in layouts if one.columns or one.aggregates or not rules.drops_bare_tables]
        for table_index, layout in enumerate(kept):
            yield from _cells(group.name, table_index, layout, rules)


def pool_cell(row: TableRow, column: TableColumn, table_name: str) -> Pooled:
    """Return the cell for the runs of a row that are in the column's group.

    As in HELM, metrics that build on log-probabilities are blank for the models in `LOGPROBS_ISSUE_MODELS`.
    """
    pooled = pool(runs_of_cell(row, column, table_name), column.matcher)
    blank = row.model in LOGPROBS_ISSUE_MODELS and column.matcher.metric_name in LOGPROBS_ISSUE_METRICS
    return pooled._replace(value=None) if blank else pooled


def runs_of_cell(row: TableRow, column: TableColumn, table_name: str) -> list[ReportedRun]:
    """Return the row's runs in the column's group; tables over several bAbI tasks show only runs on all tasks."""
    runs = [run for run in row.runs if column.run_group in run.spec.groups]
    if "babi" in column.run_group and "task:" not in table_name:
        return [run for run in runs if "task=all" in run.spec.name]
    return runs


def aggregate(
    strategy: str, columns: Sequence[Sequence[float | None]], lower_is_better: Sequence[bool | None], rules: Rules
) -> list[float | None]:
    """Return the values of an aggregate column over at least one column, by the rules of the release's HELM version."""
    if strategy == MEAN:
        return mean_scores(columns, lower_is_better)
    if strategy != WIN_RATE:
        raise UpstreamMalformed(
            f"schema.json names the aggregation strategy {strategy}, which is neither {WIN_RATE} nor {MEAN}."
        )
    return (mean_win_rates_by_row if rules.ties_by_row else mean_win_rates)(columns, lower_is_better)


def _cells(group: str, table_index: int, layout: TableLayout, rules: Rules) -> Iterator[RecomputedCell]:
    pooled = [[pool_cell(row, column, layout.name) for row in layout.rows] for column in layout.columns]
    first = 1 + len(layout.aggregates)
    values = [
        [None if (group, table_index, row, index) in rules.strong else cell.value for row, cell in enumerate(column)]
        for index, column in enumerate(pooled, start=first)
    ]
    directions = [column.lower_is_better for column in layout.columns]
    sums = [
        (rules.label(one), aggregate(one, values, directions, rules) if values else [None] * len(layout.rows))
        for one in layout.aggregates
    ]
    for row_index, row in enumerate(layout.rows):
        for column_index, (label, column) in enumerate(sums, start=1):
            place = (group, table_index, row_index, column_index, layout.name, row.label, label)
            yield RecomputedCell(*place, None, row.model, row.deployment, None, column[row_index], None, None)
        for column_index, (shown, cells) in enumerate(zip(layout.columns, pooled, strict=True), start=first):
            place = (group, table_index, row_index, column_index, layout.name, row.label, shown.label)
            yield RecomputedCell(*place, shown.run_group, row.model, row.deployment, shown.matcher, *cells[row_index])
