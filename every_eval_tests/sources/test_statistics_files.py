from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.state import STATE
from every_eval.sources.statistics_files import OF_OUTPUTS, ROWS_MISSING, StatisticsFiles, unscore
from every_eval_tests.scoring.run_stats import statistic, table

ROWS = [("v1", "a", "em"), ("v1", "a", "f1"), ("v1", "b", "em"), ("v2", "a", "em")]
"""Suite, run and metric of each row."""


def state(rows: list[tuple[str, str, str]]) -> pa.Table:
    columns: dict[str, Any] = dict(zip(("suite", "run", "metric_name"), zip(*rows, strict=True), strict=True))
    arrays = [
        pa.array(columns[column.name], column.type)
        if column.name in columns
        else pa.nulls(len(rows), column.type)
        if column.null_when
        else pa.array([_anything(column.type)] * len(rows), column.type)
        for column in STATE.columns
    ]
    return pa.table(arrays, schema=STATE.schema)


def _anything(kind: pa.DataType) -> object:
    if pa.types.is_list(kind):
        return []
    return "x" if pa.types.is_string(kind) else int(pa.types.is_integer(kind)) or True


@pytest.fixture
def files(tmp_path: Path) -> StatisticsFiles:
    for name, rows in (("first", ROWS[:3]), ("second", ROWS[3:])):
        pq.write_table(state(rows), tmp_path / name)
    return StatisticsFiles([tmp_path / "first", tmp_path / "second"])


def rows_of(files: StatisticsFiles) -> list[tuple[str, ...]]:
    pieces = files.pieces(["suite", "run", "metric_name"])
    return [tuple(row.values()) for piece in pieces for row in piece.to_pylist()]


def test_rows_come_in_the_order_of_the_files(files: StatisticsFiles) -> None:
    assert rows_of(files) == ROWS


def test_rows_of_other_runs_are_left_out(files: StatisticsFiles) -> None:
    assert rows_of(files.of({("v1", "a"), ("v2", "b")})) == ROWS[:2]
    assert rows_of(files.of(set())) == []


def test_pieces_have_only_the_columns_asked_for(files: StatisticsFiles) -> None:
    [piece] = files.of({("v2", "a")}).pieces(["metric_name"])

    assert piece.to_pydict() == {"metric_name": ["em"]}


def test_the_rows_that_are_wanted_are_read_together(files: StatisticsFiles) -> None:
    found = files.read(["run", "metric_name"], lambda rows: pc.equal(rows["metric_name"], "em"))

    assert found.to_pydict() == {"run": ["a", "b", "a"], "metric_name": ["em", "em", "em"]}
    assert files.of(set()).read(["run"], lambda rows: pc.is_valid(rows["run"])).schema.names == ["run"]


def test_a_run_that_is_incomplete_or_has_a_reason_shows_no_number_from_its_outputs() -> None:
    reason = "3 of 4 values are not finite."
    stats = table(
        statistic("m/whole", [0, 1], reported_mean=0.5),
        statistic("m/cut", [1], reported_mean=0.05, is_complete=False),
        statistic("m/infinite", [3.0], reported_mean=7.0, unscored_reason=reason),
    )
    rows = unscore(stats)

    assert rows["unscored_reason"].to_pylist() == [None, ROWS_MISSING, reason]
    for name in OF_OUTPUTS:
        assert rows[name].to_pylist() == [stats[name][0].as_py(), None, None]
    unchanged = [name for name in stats.column_names if name not in (*OF_OUTPUTS, "unscored_reason")]
    assert rows.select(unchanged).equals(stats.select(unchanged))


def test_rows_of_whole_runs_stay_as_they_are() -> None:
    stats = table(statistic("m/a", [0, 1]), statistic("m/b", []))

    assert unscore(stats) is stats
