"""Rows of scenario_scores: one benchmark's main scores, with the places of the answers behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.scenario_scores import COPIED, SCENARIO_SCORES, USE
from every_eval.sources.main_columns import MainColumn, MainColumns

Row = Mapping[str, Any]
CellKey = tuple[str | None, str | None, str]
"""Model, deployment and column of a cell."""
RunKey = tuple[str, str]
"""Suite and name of a run."""

READ: Final = [*(column.name for column in COPIED), "source", "benchmark", "release", "groups", "is_main_metric"]
"""Columns of comprehensive_stats that the rows are made from."""
_COLUMN_OF_METRIC: Final = {metric: name for name, metrics in USE.items() for metric in metrics}
SHOWN: Final = pc.field("perturbation").is_null() & pc.field("computed_on").is_null() & pc.field("sub_split").is_null()
"""Statistics of unperturbed instances over a whole split."""


def scenario_scores(
    main: MainColumns, release: str, statistics: pa.Table, cells: Iterable[Row], shards: Iterable[Row]
) -> pa.Table:
    """Return the rows of the newest release of a benchmark.

    Args:
        main: Columns of the release's main table.
        release: Name of the release.
        statistics: Rows of the contract `comprehensive_stats` of the benchmark that are `SHOWN`.
        cells: Rows of the source's own tables.
        shards: Rows of the contract `shards`, with the columns `shard` and `runs`.
    """
    columns = main.columns
    values = _cell_values(cells, main.group, release)
    wanted = {column.metric for column in columns} | _COLUMN_OF_METRIC.keys()
    is_needed = pc.field("is_main_metric") | pc.field("metric_name").isin(sorted(wanted))
    read: list[dict[str, Any]] = statistics.filter(is_needed).to_pylist()
    use = _use(read)
    places = {key: place for shard in shards for key, place in _places(shard["runs"])}
    rows = [
        {
            **{name: row[name] for name in ("source", "benchmark", "release")},
            **{column.name: row[column.name] for column in COPIED},
            **_column(index, columns),
            **values.get(
                (row["model_name"], row["model_deployment"], columns[index].name if index is not None else ""), {}
            ),
            **use.get((row["suite"], row["run"], row["split"]), {}),
            **places.get((row["suite"], row["run"]), {}),
        }
        for row, index in _shown(read, columns)
    ]
    return pa.Table.from_pylist(rows, schema=SCENARIO_SCORES.schema)


def _shown(rows: Sequence[Row], columns: Sequence[MainColumn]) -> Iterator[tuple[Row, int | None]]:
    """Yield each row with each column that shows it, column by column; main scores of no column come last."""
    shown = [[row for row in rows if column.shows(row)] for column in columns]
    for index in _scenarios(shown):
        yield from ((row, index) for row in shown[index])
    on_table = {id(row) for of_column in shown for row in of_column}
    yield from ((row, None) for row in rows if row["is_main_metric"] and id(row) not in on_table)


def _scenarios(shown: Sequence[Sequence[Row]]) -> list[int]:
    """Return the columns that are scenarios, and not the average of at least two others, as "All Subjects" of MMLU."""
    sets = [{id(row) for row in rows} for rows in shown]
    parts = [[other for other in sets if other and other < whole] for whole in sets]
    return [
        at for at, (of, whole) in enumerate(zip(parts, sets, strict=True)) if len(of) < 2 or set().union(*of) != whole
    ]


def _column(index: int | None, columns: Sequence[MainColumn]) -> Row:
    return {} if index is None else {"column_index": index, "column_name": columns[index].name}


def _cell_values(cells: Iterable[Row], group: str | None, release: str) -> dict[CellKey, Row]:
    """Return our value and the published one of each cell of the group's first table."""
    return {
        (cell["model_name"], cell["model_deployment"], cell["column"]): {
            "cell_value": cell["value"],
            "published_value": cell["published_value"],
        }
        for cell in cells
        if cell["group"] == group and cell["release"] == release and cell["table_index"] == 0
    }


def _use(rows: Iterable[Row]) -> Mapping[tuple[str, str, str | None], Row]:
    """Return what an instance of each run uses, by suite, run and split."""
    found: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    for row in rows:
        if name := _COLUMN_OF_METRIC.get(row["metric_name"]):
            found.setdefault((row["suite"], row["run"], row["split"]), {})[name] = row["mean_score"]
    return found


def _places(runs: Sequence[Row]) -> Iterator[tuple[RunKey, Row]]:
    """Yield where the rows of each run of a shard lie: the shard's files have the runs in the order of its index."""
    sample_row, item_row = 0, 0
    for run in runs:
        n_samples, n_items = run["n_samples"], run["n_item_scores"]
        if n_samples is None or n_items is None:
            return  # If a run's number of rows is unknown, so are the places of all runs after it.
        yield (
            (run["suite"], run["run"]),
            {"sample_row": sample_row, "n_samples": n_samples, "item_row": item_row, "n_items": n_items},
        )
        sample_row += n_samples
        item_row += n_items
