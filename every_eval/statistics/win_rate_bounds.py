"""Bounds of true mean win rates, from the comparisons of models in single columns that tests have decided.

`wins[c, i, j]` is true if model i is decidedly better than model j in column c. Every other comparison is undecided: it
may be a win, a loss or a tie. If no decision is wrong, the bounds hold for all models at once.

`has_score[c, i]` is true if model i has a score in column c. The win rate of a model in a column is the share of the
other models of the column that it beats, where a tie counts half; a column with one model does not count. The mean win
rate of a model is over its columns. Wins of and against models without a score in a column are left out.
"""

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray, divide
from every_eval.statistics.p_values import holm
from every_eval.statistics.quantiles import ALPHA


def decided_wins(differences: FloatArray, p_values: FloatArray) -> BoolArray:
    """Return the comparisons that are decided: Holm's p over all pairs and columns together is at most 0.05.

    Args:
        differences: Score of model i minus score of model j, higher being better, of shape (columns, models, models).
        p_values: p of no difference, of the same shape; only i < j is read. NaN where two models are not compared.
    """
    upper = np.triu_indices(p_values.shape[1], 1)
    adjusted = np.full_like(p_values, np.nan)
    adjusted[:, upper[0], upper[1]] = holm(p_values[:, upper[0], upper[1]])
    adjusted[:, upper[1], upper[0]] = adjusted[:, upper[0], upper[1]]
    wins: BoolArray = (adjusted <= ALPHA) & (differences > 0)
    return wins


def close_wins(wins: BoolArray) -> BoolArray:
    """Return the wins, and those that follow from them: if i beats j and j beats k, then i beats k.

    Decisions over different items can contradict each other. Where i would beat j and j beat i, neither is a win.

    Args:
        wins: Of shape (columns, models, models).
    """
    closed = wins.copy()
    for column in closed:
        n_wins = -1
        while n_wins != (n_wins := int(np.count_nonzero(column))):
            column |= _count_between(column) > 0
    return closed & ~closed.swapaxes(1, 2)


def win_rate_bounds(wins: BoolArray, has_score: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest mean win rate of each model that the decisions allow.

    The lowest counts only decided wins, the highest all that is not a decided loss. NaN for a model without a column
    that counts.
    """
    low, high = _column_bounds(_among(wins, has_score), has_score)
    weights = _weights(has_score)
    unknown = np.where(np.any(weights > 0, axis=0), 0.0, np.nan)
    ends = (np.sum(weights * rates, axis=0) for rates in (low, high))
    lowest, highest = (np.clip(end, 0.0, 1.0) + unknown for end in ends)  # Weights can add up to 1 + 2e-16.
    return lowest, highest


def difference_bounds(wins: BoolArray, has_score: BoolArray) -> FloatArray:
    """Return the lowest difference of mean win rates, of model i minus model j, that the decisions allow.

    In a column of K models where i decidedly beats j, the win rate of i is at least (1 + m) / (K - 1) above that of j,
    if m models are decidedly between them: i beats j and these models, and whoever loses to j loses to i. This is often
    more than the lowest rate of i minus the highest of j.

    Returns:
        Of shape (models, models); NaN if one of the two has no column that counts.
    """
    wins = _among(wins, has_score)
    low, high = _column_bounds(wins, has_score)
    weights = _weights(has_score)
    total = np.zeros(wins.shape[1:])
    for column, low_rates, high_rates, shares in zip(wins, low, high, weights, strict=True):
        n_others = np.count_nonzero(shares) - 1
        if n_others < 1:
            continue
        between = (1 + _count_between(column)) / n_others
        apart = low_rates[:, np.newaxis] - high_rates
        least = np.where(column, np.maximum(apart, between), np.where(column.T, np.maximum(apart, -1.0), apart))
        # The models' shares of the column differ where they have scores in different numbers of columns.
        common = np.minimum(shares[:, np.newaxis], shares)
        total += common * least
        total += (shares[:, np.newaxis] - common) * low_rates[:, np.newaxis] - (shares - common) * high_rates
    unknown = np.where(np.any(weights > 0, axis=0), 0.0, np.nan)
    return total + unknown[:, np.newaxis] + unknown


def _among(wins: BoolArray, has_score: BoolArray) -> BoolArray:
    return wins & has_score[:, :, np.newaxis] & has_score[:, np.newaxis]


def _count_between(wins: BoolArray) -> FloatArray:
    """Return for models i and j the number of models that i beats and that beat j."""
    # Products and sums of 0 and 1 are exact, whatever the order in which a matrix product adds.
    numbers = wins.astype(np.float64)
    between: FloatArray = numbers @ numbers
    return between


def _column_bounds(wins: BoolArray, has_score: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest win rate of each model in each column; they mean nothing without a score."""
    n_others = np.maximum(has_score.sum(axis=1) - 1, 1)[:, np.newaxis]
    return wins.sum(axis=2) / n_others, 1 - wins.sum(axis=1) / n_others


def _weights(has_score: BoolArray) -> FloatArray:
    """Return the weight of each column in the mean win rate of each model."""
    is_counted = has_score & (has_score.sum(axis=1) > 1)[:, np.newaxis]
    n_columns = is_counted.sum(axis=0)
    weights: FloatArray = is_counted * divide(np.ones(len(n_columns)), n_columns.astype(np.float64))
    return weights
