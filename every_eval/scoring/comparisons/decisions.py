"""Which models are decidedly better in which columns of a main table, and what that says of their mean win rates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from every_eval.scoring.comparisons.board import BoardComparison
from every_eval.sources.main_table import MainTable
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.p_values import holm
from every_eval.statistics.quantiles import ALPHA
from every_eval.statistics.win_rate_bounds import close_wins, difference_bounds


@dataclass(frozen=True)
class Decisions:
    """Decisions of all pairs of models in all columns, by Holm's method over all of them together."""

    wins: BoolArray
    """True if model i is decidedly better than model j in column c, of shape (columns, models, models)."""
    has_score: BoolArray
    """True if model i has a score in column c, and the column has a direction, of shape (columns, models)."""

    @classmethod
    def of(cls, table: MainTable, board: BoardComparison) -> "Decisions":
        """Return the decisions; a column without a direction decides nothing."""
        signs = np.array([np.nan if lower is None else -1 if lower else 1 for lower in table.lower_is_better])
        shape = (len(signs), board.n_models, board.n_models)
        wins, adjusted = np.zeros(shape, np.bool_), holm(_stack(board, signs, "p_value"))
        upward = _stack(board, signs, "difference") * signs[:, np.newaxis]
        is_decided = adjusted <= ALPHA
        wins[:, board.a, board.b] = is_decided & (upward > 0)
        wins[:, board.b, board.a] = is_decided & (upward < 0)
        values = [[score.value is not None for score in standing.scores] for standing in table.standings]
        has_score = np.array(values, np.bool_).reshape(shape[1], shape[0]).T
        return cls(close_wins(wins), has_score & ~np.isnan(signs)[:, np.newaxis])

    @cached_property
    def least_differences(self) -> FloatArray:
        """Lowest difference of the true mean win rates of models i and j that the decisions allow."""
        return difference_bounds(self.wins, self.has_score)


def _stack(board: BoardComparison, signs: FloatArray, name: str) -> FloatArray:
    """Return the values of a field of `Comparison`, of shape (columns, pairs); NaN in columns without a direction."""
    stacked = np.array([getattr(column, name) for column in board.columns], np.float64)
    return stacked.reshape(len(signs), len(board.a)) * np.abs(signs)[:, np.newaxis]
