"""Main tables for tests, with the items behind their scores."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from every_eval.scoring.comparisons.board import BoardComparison, compare_board
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.scoring.tables.cell_intervals import CellIntervals
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.statistics.intervals import wilson
from every_eval.statistics.paired_comparison import all_pairs, compare
from every_eval.statistics.strata import Stratum

FACTS: dict[str, Any] = dict.fromkeys(("display_name", "creator", "access", "release_date", "num_parameters"))


def standing(model: str, *scores: Score, n_scored: int | None = None, deployment: str | None = None) -> Standing:
    """A model's row of a main table."""
    names = {"model_name": model, "model_deployment": deployment or f"host/{model}"}
    return Standing(FACTS | names, scores, n_scored)


def right_answers(n_right: int, n: int) -> Sequence[float]:
    """Answers of which the first ones are right."""
    return [1.0] * n_right + [0.0] * (n - n_right)


def compared_table(
    answers: Mapping[str, Sequence[Sequence[float] | None]], *, has_win_rates: bool, lower_is_better: bool = False
) -> ComparedTable:
    """A table whose scores are the means of answers to items: for each model a list of answers in each column, or null.

    Items of a column are the same for all models.
    """
    n_columns = len(next(iter(answers.values())))
    rows = [
        standing(model, *(Score(None if one is None else float(np.mean(one))) for one in of_model))
        for model, of_model in answers.items()
    ]
    table = MainTable([lower_is_better] * n_columns, rows, has_win_rates)
    return of_answers(table, list(answers.values()))


def of_answers(table: MainTable, answers: Sequence[Sequence[Sequence[float] | None]]) -> ComparedTable:
    """A table with the answers behind its scores, by row and column; null where a score has no known answers."""
    n_rows = len(answers)
    a, b = all_pairs(n_rows)
    strata = [_strata(at, [row[at] for row in answers]) for at in range(len(table.lower_is_better))]
    columns = [compare(of_column, a, b) for of_column in strata]
    board = BoardComparison(n_rows, a, b, columns, compare([one for part in strata for one in part], a, b))
    return ComparedTable(table, board, _cells(answers))


def unknown_items(table: MainTable) -> ComparedTable:
    """A table whose scores have no known items."""
    return of_answers(table, [[None for _ in row.scores] for row in table.standings])


def of_store(table: MainTable, store: ResponseStore) -> ComparedTable:
    """A table with the responses behind its scores, whose errors are unknown."""
    unknown = np.full((len(table.lower_is_better), len(table.standings)), np.nan)
    return ComparedTable(table, compare_board(table, store), CellIntervals(unknown, unknown, unknown))


def _strata(column: int, answers: Sequence[Sequence[float] | None]) -> list[Stratum]:
    """The stratum of a column; none if fewer than two models have answers."""
    if sum(one is not None for one in answers) < 2:
        return []
    n_items = max(len(one) for one in answers if one is not None)
    values = np.array([[np.nan] * n_items if one is None else list(one) for one in answers], np.float64)
    weights = np.array([float(one is not None) for one in answers])
    return [Stratum.of(column, np.arange(n_items) + 1000 * column, values, weights)]


def _cells(answers: Sequence[Sequence[Sequence[float] | None]]) -> CellIntervals:
    cells = [[_cell(one) for one in row] for row in answers]
    shape = (len(cells), len(cells[0]) if cells else 0, 3)
    return CellIntervals(*np.moveaxis(np.array(cells, np.float64).reshape(shape), (0, 1, 2), (2, 1, 0)))


def _cell(one: Sequence[float] | None) -> tuple[float, float, float]:
    """Standard error, and Wilson's interval of answers that are right or wrong."""
    if one is None:
        return (np.nan, np.nan, np.nan)
    values = np.array(one)
    low, high = wilson(np.array([values.mean()]), np.array([float(len(one))]))
    return float(values.std(ddof=1) / np.sqrt(len(one))), float(low[0]), float(high[0])
