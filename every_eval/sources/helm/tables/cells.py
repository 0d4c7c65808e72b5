"""Recompute the cells of a release's group tables from its schema and the statistics of its runs."""

import math
from collections.abc import Collection, Iterator, Sequence
from itertools import compress
from operator import attrgetter
from typing import Final, NamedTuple

from every_eval.contracts.comprehensive_stats import OUTPUTS, REPORTED
from every_eval.sources.helm.schema import ReleaseSchema
from every_eval.sources.helm.tables.group_tables import MEAN, WIN_RATE, GroupedRuns, TableLayout
from every_eval.sources.helm.tables.pooling import Matcher, Pooled, pool
from every_eval.sources.helm.tables.rules import Rules
from every_eval.sources.helm.tables.table_columns import TableColumn
from every_eval.sources.helm.tables.table_rows import TableRow
from every_eval.sources.helm.tables.table_runs import TableRun
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

BLANK: Final = Pooled(None, 0, 0)
ROUNDING: Final = 1e-12
"""Largest relative difference of values that differ by the order of additions alone."""


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
    reported_value: float | None = None
    score_origin: str | None = None
    blank_reason: str | None = None


class AggregateCell(NamedTuple):
    """A cell of an aggregate column; its fields are the last ones of `RecomputedCell`."""

    value: float | None = None
    n_runs: None = None
    n_trials: None = None
    reported_value: float | None = None
    score_origin: str | None = None
    blank_reason: str | None = None


def recompute_cells(schema: ReleaseSchema, runs: Sequence[TableRun], rules: Rules) -> Iterator[RecomputedCell]:
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
    if column.problem is not None:
        return BLANK._replace(blank_reason=f"schema.json: {column.problem}.")
    pooled = pool(runs_of_cell(row, column, table_name), column.matcher)
    blank = row.model in LOGPROBS_ISSUE_MODELS and column.matcher.metric_name in LOGPROBS_ISSUE_METRICS
    return pooled._replace(value=None, reported_value=None, score_origin=None) if blank else pooled


def runs_of_cell(row: TableRow, column: TableColumn, table_name: str) -> list[TableRun]:
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
    return (mean_win_rates_by_row if rules.ties_by_row else mean_win_rates)(columns, lower_is_better)


def _cells(group: str, table_index: int, layout: TableLayout, rules: Rules) -> Iterator[RecomputedCell]:
    pooled = [[pool_cell(row, column, layout.name) for row in layout.rows] for column in layout.columns]
    first = 1 + len(layout.aggregates)
    ranked = [
        [BLANK if (group, table_index, row, index) in rules.strong else cell for row, cell in enumerate(column)]
        for index, column in enumerate(pooled, start=first)
    ]
    sums = [(rules.label(one), _aggregate_cells(one, layout, ranked, rules)) for one in layout.aggregates]
    for row_index, row in enumerate(layout.rows):
        for column_index, (label, cells) in enumerate(sums, start=1):
            place = (group, table_index, row_index, column_index, layout.name, row.label, label)
            yield RecomputedCell(*place, None, row.model, row.deployment, None, *cells[row_index])
        for column_index, (shown, of_column) in enumerate(zip(layout.columns, pooled, strict=True), start=first):
            place = (group, table_index, row_index, column_index, layout.name, row.label, shown.label)
            cell = of_column[row_index]
            yield RecomputedCell(*place, shown.run_group, row.model, row.deployment, shown.matcher, *cell)


def _aggregate_cells(
    strategy: str, layout: TableLayout, columns: Sequence[Sequence[Pooled]], rules: Rules
) -> list[AggregateCell]:
    """Return the cells of an aggregate column.

    A mean is blank if a cell of its row has lost statistics, and win rates are blank in all rows of a table with such a
    cell, since they compare each row with all others.
    """
    if strategy not in (WIN_RATE, MEAN):
        reason = f"schema.json: the aggregation strategy {strategy} is neither {WIN_RATE} nor {MEAN}."
        return [AggregateCell(blank_reason=reason)] * len(layout.rows)
    defined = [column.problem is None for column in layout.columns]
    columns = list(compress(columns, defined))
    if not columns:
        return [AggregateCell()] * len(layout.rows)
    directions = [column.lower_is_better for column in compress(layout.columns, defined)]
    ours, reported = (
        aggregate(strategy, [list(map(value_of, column)) for column in columns], directions, rules)
        for value_of in (_ranked_value, attrgetter("reported_value"))
    )
    reasons = [next(filter(None, (cell.blank_reason for cell in row)), None) for row in zip(*columns, strict=True)]
    if strategy == WIN_RATE:
        reasons = [next(filter(None, reasons), None)] * len(reasons)
    origins = [{cell.score_origin for cell in row} for row in zip(*columns, strict=True)]
    return [
        AggregateCell(blank_reason=f"A cell that the column aggregates is blank: {reason}")
        if reason
        else AggregateCell(value, None, None, theirs, None if value is None else _origin(found))
        for reason, value, theirs, found in zip(reasons, ours, reported, origins, strict=True)
    ]


def _ranked_value(cell: Pooled) -> float | None:
    """Return the value that is compared: HELM's where ours is the same but for rounding, as HELM's ties are exact."""
    if cell.value is None or cell.reported_value is None:
        return cell.value
    return cell.reported_value if math.isclose(cell.value, cell.reported_value, rel_tol=ROUNDING) else cell.value


def _origin(origins: Collection[str | None]) -> str:
    return REPORTED if REPORTED in origins else OUTPUTS
