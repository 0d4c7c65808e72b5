"""Compare every two models of a board: difference, interval, p-value, and the difference that could be detected.

For values of 0 and 1 in a single stratum: McNemar's exact test, and the interval of Bonett and Price. For all others:
random sign flips, and percentiles of the paired bootstrap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np

from every_eval.statistics.binary_pairs import (
    MIN_DISCORDANT,
    bonett_price_interval,
    detectable_difference,
    mcnemar_p,
)
from every_eval.statistics.board_draws import BoardDraws
from every_eval.statistics.board_moments import BoardMoments
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray
from every_eval.statistics.paired_moments import paired_moments
from every_eval.statistics.quantiles import DETECTABLE_ERRORS
from every_eval.statistics.strata import PairShares, Stratum, count_discordant, pair_shares

BLOCK_PAIRS: Final = 4096
"""Pairs of models that are compared at once, which bounds memory."""


class Comparison(NamedTuple):
    """Comparison of pairs of models, model a minus model b: arrays with one element for each pair."""

    n: IntArray
    """Number of common items over all columns."""
    difference: FloatArray
    """Difference over the common items of the common columns; NaN without common items."""
    variance: FloatArray
    """Estimated sampling variance of the difference; NaN if a stratum has one common item, or none has any."""
    p_value: FloatArray
    """P-value of the hypothesis that the models do equally well; NaN without common items."""
    low: FloatArray
    """Lower end of the 95 % confidence interval; NaN as `variance`."""
    high: FloatArray
    """Upper end of the interval."""
    detectable: FloatArray
    """Smallest difference that a test at 5 % finds with 80 % power; NaN for fewer than 6 discordant items."""
    n_only_a: FloatArray
    """Number of items that only model a gets right; NaN unless all values are 0 or 1."""
    n_only_b: FloatArray
    """Number of items that only model b gets right."""
    is_exact: BoolArray
    """Whether the values are 0 and 1 in a single stratum, so that test and interval are those of binary values."""
    correlation: FloatArray
    """Correlation of the two models' values over the common items; with several strata, of the sampling errors of the
    two means. NaN if one of the models does not vary."""


def all_pairs(n_models: int) -> tuple[IntArray, IntArray]:
    """Return the rows of both models of every pair, each unordered pair once, the smaller row first."""
    a, b = np.triu_indices(n_models, 1)
    return a.astype(np.int64), b.astype(np.int64)


def compare(strata: Iterable[Stratum], a: IntArray, b: IntArray) -> Comparison:
    """Compare pairs of models over the columns, strata and items that both have.

    Args:
        strata: Strata of all columns of the board. They are iterated over several times, and one is needed at a time.
        a: Row of the first model of each pair.
        b: Row of the second model.
    """
    starts = range(0, max(len(a), 1), BLOCK_PAIRS)
    parts = [_Block.of(strata, a[at : at + BLOCK_PAIRS], b[at : at + BLOCK_PAIRS]).comparison() for at in starts]
    return Comparison(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


@dataclass(frozen=True)
class _Block:
    """Some pairs of models."""

    strata: Iterable[Stratum]
    summaries: Sequence[Stratum]
    """The strata without their values."""
    a: IntArray
    b: IntArray
    shares: PairShares
    moments: BoardMoments
    is_binary: BoolArray
    """Whether both models have values of 0 and 1 alone, where they have common items."""

    @classmethod
    def of(cls, strata: Iterable[Stratum], a: IntArray, b: IntArray) -> Self:
        summaries, moments = [], []
        for stratum in strata:
            summaries.append(stratum.without_values())
            moments.append(paired_moments(stratum.units, a, b))
        n_items = np.array([one.n for one in moments]).reshape(len(moments), len(a))
        shares = pair_shares(summaries, n_items, a, b)
        is_binary = n_items.sum(axis=0) > 0
        for stratum, n in zip(summaries, shares.n, strict=True):
            is_binary &= (n == 0) | (stratum.is_binary[a] & stratum.is_binary[b])
        return cls(strata, summaries, a, b, shares, BoardMoments.of(moments, shares.share), is_binary)

    def comparison(self) -> Comparison:
        moments, n = self.moments, self.shares.n.sum(axis=0)
        only_a, only_b = (
            np.where(self.is_binary, np.rint(moments.squares + sign * moments.total) / 2, np.nan) for sign in (1, -1)
        )
        tests = np.full((4, len(n)), np.nan)  # p-value, low, high, detectable
        is_exact = self.is_binary & (np.count_nonzero(self.shares.n, axis=0) == 1)
        counts = [counted[is_exact].astype(np.int64) for counted in (only_a, only_b, n)]
        tests[:, is_exact] = mcnemar_p(*counts[:2]), *bonett_price_interval(*counts), detectable_difference(*counts)
        others = np.flatnonzero((n > 0) & ~is_exact)
        if len(others):
            tests[:, others] = self._drawn(others)
        tests[1:3, np.isnan(moments.variance)] = np.nan
        p_value, low, high, detectable = tests
        of_items = (moments.difference, moments.variance)
        tested = (p_value, low, high, detectable, only_a, only_b)
        return Comparison(n.astype(np.int64), *of_items, *tested, is_exact, moments.correlation)

    def _drawn(self, pairs: IntArray) -> tuple[FloatArray, ...]:
        """Return p-value, low, high and detectable difference of some pairs, by sign flips and replicates."""
        a, b, moments = self.a[pairs], self.b[pairs], self.moments
        draws = BoardDraws(self.strata, self.summaries, PairShares(*(part[:, pairs] for part in self.shares)), a, b)
        p_values = draws.p_values(moments.difference[pairs], moments.weighted_squares[pairs])
        is_few = count_discordant(self.strata, a, b) < MIN_DISCORDANT
        detectable = np.where(is_few, np.nan, DETECTABLE_ERRORS * np.sqrt(moments.variance[pairs]))
        return p_values, *draws.interval(), detectable
