"""Which models are decidedly better by their means over all columns, and the adjusted scores that say how much."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from every_eval.scoring.comparisons.board import BoardComparison
from every_eval.sources.main_table import MainTable
from every_eval.statistics.adjusted_scores import AdjustedScores, SamplingErrors
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.nulls import to_array
from every_eval.statistics.win_rate_bounds import close_wins, decided_wins


@dataclass(frozen=True)
class MeanDecisions:
    """Adjusted scores of the rows of a main table, and the decisions on their differences."""

    scores: FloatArray
    """Scores of shape (columns, rows), higher being better; NaN where there is no score."""
    adjusted: AdjustedScores
    """Adjusted scores, higher being better."""
    board: BoardComparison
    lower_is_better: bool
    """Whether lower scores are better before their signs were changed."""

    @classmethod
    def of(cls, table: MainTable, board: BoardComparison, errors: FloatArray) -> "MeanDecisions | None":
        """Return the adjusted scores and the decisions; null where the columns have no one direction.

        Args:
            table: The main table.
            board: Comparisons of its rows, item by item.
            errors: Standard errors of its scores, of shape (columns, rows); NaN where unknown.
        """
        if len(set(table.lower_is_better)) != 1 or table.lower_is_better[0] is None:
            return None
        lower_is_better = table.lower_is_better[0]
        scores = -score_matrix(table) if lower_is_better else score_matrix(table)
        variances = np.array([board.matrix(column.variance, sign=1) for column in board.columns])
        of_differences = variances.reshape(len(scores), board.n_models, board.n_models)
        sampling = SamplingErrors(np.where(np.isnan(scores), np.nan, errors**2), of_differences)
        return cls(scores, AdjustedScores.of(scores, sampling), board, lower_is_better)

    def wins(self, is_ranked: BoolArray) -> BoolArray:
        """Return which ranked rows are decidedly better than which, by Holm's method over their pairs.

        The p of two rows with scores in all columns is that of the items, where all of their items are known. Others
        have the p of the difference of adjusted scores.
        """
        has_pair = is_ranked[:, np.newaxis] & is_ranked
        p_values = np.where(has_pair, np.where(self._is_by_items, self._items_p, self.adjusted.p_values()), np.nan)
        values = self.adjusted.values
        differences = np.where(self._is_by_items, self._items_difference, values[:, np.newaxis] - values)
        wins: BoolArray = close_wins(decided_wins(differences[np.newaxis], p_values[np.newaxis]))[0]
        return wins

    @cached_property
    def _is_by_items(self) -> BoolArray:
        n_columns = np.count_nonzero(~np.isnan(self.scores).all(axis=1))
        in_all = self.board.matrix(self.board.n_columns.astype(np.float64), sign=1) == n_columns
        is_complete = self.adjusted.is_complete
        is_by_items: BoolArray = in_all & is_complete[:, np.newaxis] & is_complete
        return is_by_items

    @cached_property
    def _items_p(self) -> FloatArray:
        return self.board.matrix(self.board.means.p_value, sign=1)

    @cached_property
    def _items_difference(self) -> FloatArray:
        # The comparison is of values as they are, and the scores here are higher where they are better.
        differences = self.board.matrix(self.board.means.difference)
        return -differences if self.lower_is_better else differences


def score_matrix(table: MainTable) -> FloatArray:
    """Return the scores of a table, of shape (columns, rows); NaN where there is no score."""
    values = to_array([score.value for row in table.standings for score in row.scores])
    return values.reshape(len(table.standings), len(table.lower_is_better)).T
