"""The places of models on a leaderboard: ranks, the bounds that decisions set, ties, tiers, and how stable they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from every_eval.scoring.comparisons.decisions import Decisions
from every_eval.scoring.comparisons.mean_decisions import MeanDecisions
from every_eval.sources.main_table import MainTable
from every_eval.statistics.additive_fit import AdditiveFit
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray
from every_eval.statistics.nulls import to_array
from every_eval.statistics.rank_bounds import RankBounds
from every_eval.statistics.ranks import ranks

Numbers = list[int | None]
"""A whole number for each row of the main table; null for rows without a rank."""


@dataclass(frozen=True)
class Places:
    """The places of the rows of a main table whose unranked deployments have no scores."""

    table: MainTable
    decisions: Decisions
    """Which rows are decidedly better in which columns."""
    means: MeanDecisions | None
    """Adjusted scores; null where the columns have no one direction."""
    has_no_reason: BoolArray
    """Whether no reason is known why a row cannot be ranked."""

    @cached_property
    def numbers(self) -> FloatArray:
        """The number that ranks each row, higher being better; NaN for rows without a rank."""
        if self.table.has_win_rates:
            numbers = to_array(self.table.win_rates)
        elif self.means is None:
            numbers = np.full(len(self.table.standings), np.nan)
        else:
            numbers = self.means.adjusted.values
        return np.where(self.has_no_reason, numbers, np.nan)

    @cached_property
    def ranked(self) -> IntArray:
        """Positions of the rows that have a rank."""
        return np.flatnonzero(~np.isnan(self.numbers))

    @cached_property
    def rank(self) -> Numbers:
        """Rank of each row among the ranked rows."""
        return self._of_ranked(ranks(self.numbers[self.ranked]).astype(np.int64))

    @cached_property
    def bounds(self) -> RankBounds:
        """Bounds of the true ranks of the ranked rows."""
        chosen = np.ix_(self.ranked, self.ranked)
        if self.table.has_win_rates:
            found = RankBounds.of_differences(self.decisions.least_differences[chosen])
        else:
            found = RankBounds.of(self._mean_wins[chosen])
        return found.containing(ranks(self.numbers[self.ranked]).astype(np.int64))

    @cached_property
    def columns(self) -> dict[str, Numbers]:
        """The columns of ranks, of their bounds, of ties and of tiers in the contract `leaderboard`."""
        low, high = self._ranks_without_one
        score_low, score_high = self._score_ranks
        return {
            "rank": self.rank,
            "rank_low": self._of_ranked(self.bounds.low),
            "rank_high": self._of_ranked(self.bounds.high),
            "score_rank_low": score_low,
            "score_rank_high": score_high,
            "n_tied_with": self._of_ranked(self.bounds.n_tied),
            "tier": self._of_ranked(self.bounds.tier),
            "rank_without_one_low": low,
            "rank_without_one_high": high,
        }

    @cached_property
    def _mean_wins(self) -> BoolArray:
        n_rows = len(self.numbers)
        return np.zeros((n_rows, n_rows), np.bool_) if self.means is None else self.means.wins(~np.isnan(self.numbers))

    @cached_property
    def _score_ranks(self) -> tuple[Numbers, Numbers]:
        """Bounds of the ranks by adjusted scores; null where a ranked row has none."""
        unknown: Numbers = [None] * len(self.numbers)
        if self.means is None or np.isnan(self.means.adjusted.values[self.ranked]).any():
            return unknown, unknown
        found = RankBounds.of(self._mean_wins[np.ix_(self.ranked, self.ranked)])
        found = found.containing(ranks(self.means.adjusted.values[self.ranked]).astype(np.int64))
        return self._of_ranked(found.low), self._of_ranked(found.high)

    @cached_property
    def _ranks_without_one(self) -> tuple[Numbers, Numbers]:
        """Lowest and highest rank of each row if one column is left out; null where no column can be."""
        found = np.array([ranks(numbers[self.ranked]) for numbers in self._numbers_without_one()])
        is_known = ~np.isnan(found).all(axis=0) if len(found) else np.zeros(len(self.ranked), np.bool_)
        known = self.ranked[is_known]
        low, high = (end(found[:, is_known], axis=0) if len(known) else found for end in (np.nanmin, np.nanmax))
        return self._at(known, low), self._at(known, high)

    def _numbers_without_one(self) -> list[FloatArray]:
        """Return for each column the numbers that would rank the rows without the column."""
        if self.table.has_win_rates:
            return _means_without_one(self.table.win_rates_by_column)
        if self.means is None or len(self.means.scores) < 2:
            return []
        left = [np.delete(self.means.scores, at, axis=0) for at in range(len(self.means.scores))]
        return [AdditiveFit.of(~np.isnan(scores)).adjust(scores) for scores in left]

    def _of_ranked(self, values: IntArray) -> Numbers:
        return self._at(self.ranked, values)

    def _at(self, rows: IntArray, values: Sequence[int] | IntArray | FloatArray) -> Numbers:
        column: Numbers = [None] * len(self.numbers)
        for row, value in zip(rows.tolist(), values, strict=False):
            column[row] = int(value)
        return column


def _means_without_one(columns: FloatArray) -> list[FloatArray]:
    """Return for each column the means of the rows over all other columns in which they have a value."""
    found = []
    for at in range(len(columns)):
        others = np.delete(columns, at, axis=0)
        is_counted = ~np.isnan(others)
        n = np.where(is_counted.any(axis=0), is_counted.sum(axis=0), np.nan)
        found.append(np.sum(np.where(is_counted, others, 0.0), axis=0) / n)
    return found if len(columns) > 1 else []
