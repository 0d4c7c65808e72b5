"""A benchmark's main table: models' scores on scenarios with their replicates, and what sums them up."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from every_eval.contracts.stats import N_REPLICATES
from every_eval.statistics.grouped_ranks import TIE
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.resampling import resampled_mean_scores, resampled_win_rates
from every_eval.statistics.win_rates import mean_scores, mean_win_rates

Values = Sequence[float | None]


@dataclass(frozen=True)
class Score:
    """A cell of the main table."""

    value: float | None
    """Null where the model was not measured."""
    replicates: FloatArray | None = None
    """The value in each paired replicate, of shape (200,), NaN where one drew no instance; null where unknown."""


@dataclass(frozen=True)
class Standing:
    """A model's row of the main table."""

    facts: Mapping[str, Any]
    """Values of the leaderboard's columns about the model."""
    scores: Sequence[Score]
    """One a column of the main table."""
    n_scored: int | None = None
    """Instances with a value that the scores are over, each counted once; null where unknown."""

    @property
    def is_resampled(self) -> bool:
        """Whether every score that the model has comes with its replicates."""
        return all(score.replicates is not None for score in self.scores if score.value is not None)


@dataclass(frozen=True)
class Aggregate:
    """What sums up the rows of a main table."""

    values: Values
    """One a row."""
    replicates: FloatArray
    """Of shape (rows, replicates)."""
    is_resampled: BoolArray
    """Whether a row's replicates are those of its value: all that it is made of was resampled."""

    @classmethod
    def undefined(cls, n_rows: int) -> Self:
        """No value in any row."""
        return cls([None] * n_rows, np.full((n_rows, N_REPLICATES), np.nan), np.zeros(n_rows, np.bool_))

    def negated(self) -> Self:
        """The same with the direction turned."""
        values = [None if value is None else -value for value in self.values]
        return replace(self, values=values, replicates=-self.replicates)


@dataclass(frozen=True)
class MainTable:
    """A benchmark's main table, whose columns are scenarios."""

    lower_is_better: Sequence[bool | None]
    """One a column; null where neither direction is better."""
    standings: Sequence[Standing]
    has_win_rates: bool
    """Whether the benchmark ranks by win rates, or by scores."""

    @cached_property
    def win_rates(self) -> Aggregate:
        """Mean win rates; null in every row where the benchmark does not rank by them."""
        if not self.has_win_rates or not self.lower_is_better:
            return Aggregate.undefined(len(self.standings))
        rates = mean_win_rates(self._columns, self.lower_is_better, TIE)
        return self._aggregate(rates, resampled_win_rates(self._replicates, self.lower_is_better))

    @cached_property
    def mean_scores(self) -> Aggregate:
        """Plain means of the scores; null in every row where the columns' directions differ."""
        if not self.lower_is_better:
            return Aggregate.undefined(len(self.standings))
        scores = mean_scores(self._columns, self.lower_is_better)
        return self._aggregate(scores, resampled_mean_scores(self._replicates))

    @property
    def upward(self) -> Aggregate:
        """What decides the ranks, the higher the better; null in every row where nothing does."""
        if self.has_win_rates:
            return self.win_rates
        direction = self.lower_is_better[0] if self.lower_is_better else None
        if direction is None:
            return Aggregate.undefined(len(self.standings))
        return self.mean_scores.negated() if direction else self.mean_scores

    def _aggregate(self, values: Values, replicates: FloatArray) -> Aggregate:
        is_resampled = [
            value is not None and standing.is_resampled for value, standing in zip(values, self.standings, strict=True)
        ]
        return Aggregate(values, replicates, np.array(is_resampled, np.bool_))

    @property
    def _columns(self) -> list[Values]:
        return [[standing.scores[at].value for standing in self.standings] for at in range(len(self.lower_is_better))]

    @cached_property
    def _replicates(self) -> FloatArray:
        """Of shape (columns, rows, replicates); a score without any stands still, as the others' opponent."""
        shape = (len(self.standings), len(self.lower_is_better), N_REPLICATES)
        scores = [_replicates(score) for standing in self.standings for score in standing.scores]
        return np.array(scores).reshape(shape).swapaxes(0, 1)


def _replicates(score: Score) -> FloatArray:
    if score.value is not None and score.replicates is not None:
        return score.replicates
    return np.full(N_REPLICATES, math.nan if score.value is None else score.value)
