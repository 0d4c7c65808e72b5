"""Which models are decidedly better in which columns of a main table, and what that says of their mean win rates."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from every_eval.scoring.comparisons.board import BoardComparison
from every_eval.sources.main_table import MainTable
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.win_rate_bounds import close_wins, decided_wins, difference_bounds


@dataclass(frozen=True)
class Decisions:
    """Decisions of all pairs of models in all columns, by Holm's method over all of them together."""

    wins: BoolArray
    """True if model i is decidedly better than model j in column c, of shape (columns, models, models)."""
    has_score: BoolArray
    """True if model i has a score in column c, and the column has a direction, of shape (columns, models)."""

    @classmethod
    def of(cls, table: MainTable, board: BoardComparison) -> Self:
        """Return the decisions; a column without a direction decides nothing."""
        signs = [np.nan if lower is None else -1 if lower else 1 for lower in table.lower_is_better]
        columns = list(zip(signs, board.columns, strict=True))
        shape = (len(columns), board.n_models, board.n_models)
        upward = np.array([board.matrix(sign * column.difference) for sign, column in columns]).reshape(shape)
        p_values = np.array([board.matrix(abs(sign) * column.p_value, sign=1) for sign, column in columns])
        wins = close_wins(decided_wins(upward, p_values.reshape(shape)))
        return cls(wins, _has_score(table))

    def among(self, table: MainTable) -> Self:
        """Return the decisions among the rows that have scores in a table: the same table, but for some scores."""
        return replace(self, has_score=_has_score(table))

    @cached_property
    def least_differences(self) -> FloatArray:
        """Lowest difference of the true mean win rates of models i and j that the decisions allow."""
        return difference_bounds(self.wins, self.has_score)


def _has_score(table: MainTable) -> BoolArray:
    values = [[score.value is not None for score in standing.scores] for standing in table.standings]
    has_score = np.array(values, np.bool_).reshape(len(table.standings), len(table.lower_is_better)).T
    has_direction = np.array([lower is not None for lower in table.lower_is_better], np.bool_)
    of_columns: BoolArray = has_score & has_direction[:, np.newaxis]
    return of_columns
