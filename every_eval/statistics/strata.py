"""Compare every two models on several columns of scores, each of which is over the items of one or more strata.

A stratum is the items of one scenario. A column's score is the weighted mean of the means of its strata, for example of
five language pairs. The difference of two models is the mean over the columns that both have and, within them, over the
strata and the items that both have: with C columns, and a stratum of share w of its column with n common items, each
item weighs w / (C n).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray, IntArray
from every_eval.statistics.paired_moments import Units, count_different


@dataclass(frozen=True)
class Stratum:
    """Values of the models of a board on the items of one scenario."""

    column: int
    """Number of the column that the stratum belongs to."""
    items: IntArray
    """Number of each item, of shape (items)."""
    units: Units
    """Values of shape (models, items)."""
    weights: FloatArray
    """Weight of the stratum in each model's score in the column, of shape (models)."""
    is_binary: BoolArray
    """Whether all values of a model are 0 or 1, of shape (models)."""

    @classmethod
    def of(cls, column: int, items: IntArray, values: FloatArray, weights: FloatArray) -> Self:
        """Take values of shape (models, items), NaN where a model has no value."""
        is_binary = np.all(np.isnan(values) | (values == 0) | (values == 1), axis=1)
        return cls(column, items, Units.of(values), weights, is_binary)

    def without_values(self) -> Self:
        """Return the same stratum without the values of the models, which take most of the memory."""
        return replace(self, units=self.units._replace(numbers=self.units.numbers[:, :0].copy()))


class PairShares(NamedTuple):
    """Shares of strata in the differences of pairs of models; both arrays have the shape (strata, pairs)."""

    n: FloatArray
    """Number of common items."""
    share: FloatArray
    """Weight of the stratum's mean difference; 0 where there is no common item."""


def pair_shares(strata: Sequence[Stratum], n: FloatArray, a: IntArray, b: IntArray) -> PairShares:
    """Return the share of each stratum in the difference of each pair of models.

    Where the models weigh a stratum differently, because one has more trials, the mean of both weights holds.

    Args:
        strata: Strata of the board, with or without their values.
        n: Number of common items, of shape (strata, pairs).
        a: Row of the first model of each pair.
        b: Row of the second model.
    """
    weights = np.array([(stratum.weights[a] + stratum.weights[b]) / 2 for stratum in strata]).reshape(n.shape)
    weights = np.where(n > 0, weights, 0.0)
    columns = np.array([stratum.column for stratum in strata], np.int64)
    share, n_columns = np.zeros(n.shape), np.zeros(len(a))
    for column in np.unique(columns):
        of_column = columns == column
        total = weights[of_column].sum(axis=0)
        share[of_column] = weights[of_column] / np.where(total > 0, total, 1.0)
        n_columns += total > 0
    return PairShares(n, share / np.maximum(n_columns, 1))


def count_discordant(strata: Iterable[Stratum], a: IntArray, b: IntArray) -> IntArray:
    """Return for each pair the number of common items on which the values differ, over all strata."""
    return sum((count_different(stratum.units, a, b) for stratum in strata), np.zeros(len(a), np.int64))
