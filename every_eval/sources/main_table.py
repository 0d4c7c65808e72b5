"""The main table of a benchmark: scores of models on scenarios, with the win rates and means that rank the models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from every_eval.sources.statistic_key import PooledStatistic
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.ties import TOLERANCE
from every_eval.statistics.win_rates import mean_scores, mean_win_rates, win_rates_by_column

Values = Sequence[float | None]


@dataclass(frozen=True)
class Score:
    """A cell of the main table: one model's score on one scenario."""

    value: float | None
    """Score in the metric's own unit; null if the model has no score."""
    reported: float | None = None
    """The same score from the source's own numbers; null if the source reported none."""
    is_reported: bool = False
    """True if `value` is the source's own number, because outputs do not determine the score or are missing."""
    statistics: Sequence[PooledStatistic] = ()
    """Statistics whose weighted mean is the value; none if the value does not follow from outputs."""
    lost_because: str | None = None
    """Reason why there is no value although the model was evaluated, for example that rows of the run are missing."""


@dataclass(frozen=True)
class Standing:
    """A row of the main table: one model with its scores."""

    facts: Mapping[str, Any]
    """Values of the leaderboard's columns about the model: names, creator, access, release date and size."""
    scores: Sequence[Score]
    """Score in each column of the main table."""
    n_scored: int | None = None
    """Number of instances with a value that the scores are over, each counted once; null if unknown."""

    @property
    def unranked_because(self) -> str | None:
        """Reason why the model cannot be ranked: a score is lost, and means over the others would favour or harm it."""
        reasons = (score.lost_because for score in self.scores if score.value is None)
        return next((reason for reason in reasons if reason is not None), None)


@dataclass(frozen=True)
class MainTable:
    """The main table of a benchmark; its columns are scenarios and its rows are models."""

    lower_is_better: Sequence[bool | None]
    """Direction of each column; null if the metric has no direction."""
    standings: Sequence[Standing]
    """Rows of the table."""
    has_win_rates: bool
    """True if the benchmark ranks models by mean win rate, false if it ranks them by mean score."""

    @cached_property
    def win_rates(self) -> Values:
        """Mean win rate of each model; null in every row if the benchmark does not rank by win rates."""
        if not self.has_win_rates or not self.lower_is_better:
            return [None] * len(self.standings)
        return self._of_ranked(mean_win_rates(self._columns, self.lower_is_better, TOLERANCE))

    @property
    def win_rates_by_column(self) -> FloatArray:
        """Win rates of the models in each column, of shape (columns, rows); NaN where there is none."""
        return win_rates_by_column(self._columns, self.lower_is_better, TOLERANCE)

    @cached_property
    def mean_scores(self) -> Values:
        """Plain mean of each model's scores; null in every row if the columns have different directions."""
        if not self.lower_is_better:
            return [None] * len(self.standings)
        return self._of_ranked(mean_scores(self._columns, self.lower_is_better))

    def _of_ranked(self, values: Values) -> Values:
        """Return the values, null for models that cannot be ranked."""
        return [
            None if standing.unranked_because else value for value, standing in zip(values, self.standings, strict=True)
        ]

    @property
    def reported_win_rates(self) -> Values:
        """Mean win rate of each model by the source's own scores; null as in `win_rates`, or if there are none."""
        if not self.has_win_rates or not self.lower_is_better:
            return [None] * len(self.standings)
        return mean_win_rates(self._reported_columns, self.lower_is_better, TOLERANCE)

    @property
    def reported_mean_scores(self) -> Values:
        """Plain mean of each model's scores as the source reported them; null as in `mean_scores`."""
        if not self.lower_is_better:
            return [None] * len(self.standings)
        return mean_scores(self._reported_columns, self.lower_is_better)

    @property
    def _columns(self) -> list[Values]:
        return [[score.value for score in column] for column in self._scores]

    @property
    def _reported_columns(self) -> list[Values]:
        return [[score.reported for score in column] for column in self._scores]

    @property
    def _scores(self) -> list[list[Score]]:
        """Scores by column."""
        return [[standing.scores[at] for standing in self.standings] for at in range(len(self.lower_is_better))]
