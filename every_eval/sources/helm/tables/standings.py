"""How models stand on a release's main table, counting only the latest run of each name: for our leaderboard."""

from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import REPORTED
from every_eval.sources.distinct import to_list
from every_eval.sources.helm.schema import ReleaseSchema, decode_schema
from every_eval.sources.helm.tables.group_tables import WIN_RATE, aggregates
from every_eval.sources.helm.tables.main_group import MainCell, find_main_group
from every_eval.sources.helm.tables.statistic_filter import is_shown_by, metrics_shown, read_shown
from every_eval.sources.helm.tables.table_rows import TableRow
from every_eval.sources.helm.tables.table_runs import COLUMNS, Statistic, TableRun, latest_runs, read_runs
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles


def release_schema(release: Mapping[str, Any]) -> ReleaseSchema | None:
    """Return the schema of a row of the contract `releases`; null before HELM 0.4.0."""
    text = release["schema_json"]
    return None if text is None else decode_schema(text.encode(), f"schema.json of {release['release']}")


def directions(release: Mapping[str, Any]) -> Mapping[str, bool]:
    """Return whether lower is better, by metric; metrics without a direction are absent."""
    schema = release_schema(release)
    metrics = schema.metrics if schema else ()
    return {metric.name: metric.lower_is_better for metric in metrics if metric.lower_is_better is not None}


def read_main_statistics(release: Mapping[str, Any], stats: StatisticsFiles) -> pa.Table:
    """Return the statistics that the release's main table is made from."""
    schema = release_schema(release)
    table = find_main_group(schema) if schema else None
    matchers = [column.matcher for column in table.columns] if table else []
    return read_shown(stats, [*COLUMNS, "n_scored", "mean"], is_shown_by(matchers))


def standings(release: Mapping[str, Any], stats: pa.Table) -> MainTable | None:
    """Return how models stand on the release's main table; null if the release has no schema or no such table.

    Cells pool runs as HELM does, but only the latest run of each name. Columns that average others are left out.
    `stats` holds rows of the contract `stats`.
    """
    schema = release_schema(release)
    table = find_main_group(schema) if schema else None
    if schema is None or table is None:
        return None
    names = metrics_shown(column.matcher for column in table.columns)
    runs = latest_runs(read_runs(stats, release["suites"], names))
    sizes = _sizes(stats, names)
    rows = table.rows(runs)
    cells = [[table.cell(row, column) for column in table.columns] for row in rows]
    is_scenario = scenarios(cells)
    return MainTable(
        [column.lower_is_better for column in compress(table.columns, is_scenario)],
        [
            _standing(_facts(schema, row), list(compress(of_row, is_scenario)), sizes)
            for row, of_row in zip(rows, cells, strict=True)
        ],
        WIN_RATE in aggregates(schema.metric_group_by_name[table.metric_group]),
    )


def scenarios(cells: Sequence[Sequence[MainCell]]) -> list[bool]:
    """Return for each column of rows of cells whether it is a scenario, and not the average of several other columns.

    Such an average is "All Subjects" of MMLU: it pools what at least two other columns pool, and nothing else.
    """
    pooled = [
        {(row, *_key(*one)) for row, cell in enumerate(column) for one in cell.statistics}
        for column in zip(*cells, strict=True)
    ]
    parts = [[other for other in pooled if other and other < whole] for whole in pooled]
    return [len(of) < 2 or set().union(*of) != whole for whole, of in zip(pooled, parts, strict=True)]


def _sizes(stats: pa.Table, metric_names: Collection[str]) -> Mapping[StatisticKey, int]:
    """Return for each statistic of these metrics its number of instances that have a value.

    Statistics without outputs are left out.
    """
    is_named = pc.field("metric_name").isin(pa.array(sorted(metric_names), pa.string()))
    rows = stats.filter(is_named & pc.field("n_scored").is_valid() & pc.field("mean").is_valid())
    keys = map(StatisticKey._make, zip(*(to_list(rows[name]) for name in StatisticKey._fields), strict=True))
    return dict(zip(keys, to_list(rows["n_scored"]), strict=True))


def _standing(facts: Mapping[str, Any], cells: Sequence[MainCell], sizes: Mapping[StatisticKey, int]) -> Standing:
    n_scored: dict[tuple[str | None, ...], int] = {}
    for cell in cells:
        for run, one in cell.statistics:
            # Several metrics and several columns are over the same instances, which count once.
            part = (run.suite, run.name, one.split, one.sub_split)
            n_scored[part] = max(n_scored.get(part, 0), sizes.get(_key(run, one), 0))
    return Standing(facts, list(map(_score, cells)), sum(n_scored.values()))


def _score(cell: MainCell) -> Score:
    """Return the cell with its statistics, weighted by trials as in HELM's cell.

    A cell that pools a statistic that HELM alone reported names no statistics.
    """
    pooled = cell.pooled
    if pooled.value is None or pooled.score_origin == REPORTED:
        is_reported = pooled.value is not None
        return Score(pooled.value, pooled.reported_value, is_reported, lost_because=pooled.blank_reason)
    statistics = [
        PooledStatistic(_key(run, one), one.n_trials, one.total / one.n_trials)
        for run, one in cell.statistics
        if one.n_trials and one.total is not None
    ]
    return Score(pooled.value, pooled.reported_value, statistics=statistics)


def _key(run: TableRun, statistic: Statistic) -> StatisticKey:
    return StatisticKey(
        run.suite,
        run.name,
        statistic.metric_name,
        statistic.split,
        statistic.sub_split,
        statistic.perturbation,
    )


def _facts(schema: ReleaseSchema, row: TableRow) -> dict[str, Any]:
    model = schema.model_by_name.get(row.model or "")
    return {
        "model_name": row.model,
        "model_deployment": row.deployment,
        "display_name": model and model.display_name,
        "creator": model and model.creator_organization,
        "access": model and model.access,
        "release_date": model and model.release_date,
        "num_parameters": model and model.n_parameters,
    }
