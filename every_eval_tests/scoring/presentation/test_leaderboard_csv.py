import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.scoring.presentation.leaderboard_csv import leaderboard_csv
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row


def cells(*rows: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(leaderboard_csv(board(*rows)).decode("utf-8-sig"), newline="")))


def test_the_rows_are_those_of_the_table_in_its_order_with_every_digit(real_scores: RealScores, tmp_path: Path) -> None:
    boards = pa.concat_tables([benchmark.board for benchmark in real_scores])
    file = tmp_path / "board.csv"
    file.write_bytes(leaderboard_csv(boards))
    clock = [name for name in boards.column_names if pa.types.is_timestamp(boards.schema.field(name).type)]
    expected = LEADERBOARD.decode(boards).to_pandas()
    expected[clock] = expected[clock].apply(lambda column: column.dt.strftime("%Y-%m-%d %H:%M:%S"))
    read = pd.read_csv(file)
    assert list(read.columns) == LEADERBOARD.schema.names
    pd.testing.assert_frame_equal(read, expected, check_dtype=False, check_exact=True)
    ranks = duckdb.read_csv(str(file)).select("rank").fetchall()
    assert [rank for (rank,) in ranks] == boards["rank"].to_pylist()


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" \t=1", "' \t'=1"),
        ("\r=1", "'\r'=1"),
        ("\uff1d1", "'\uff1d1"),  # the wide equals sign of East Asian keyboards
        # In countries that write a decimal comma, a semicolon separates cells: the rest would be a cell of its own.
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("gpt-4=x,y@1", "gpt-4=x,y@1"),
        ('o"1, "', 'o"1, "'),
        ("模型", "模型"),
    ],
)
def test_no_name_is_a_formula_and_others_stay_as_they_are(name: str, cell: str) -> None:
    (read,) = cells(row("lite", name, 1))
    assert read["model_name"] == cell


def test_a_number_below_zero_stays_a_number_and_null_is_an_empty_cell() -> None:
    (read,) = cells(row("lite", "a", None, mean_score=-0.1))
    assert (read["mean_score"], read["rank"], read["num_parameters"]) == ("-0.1", "", "")
