"""Coverage of the bounds of win rates and ranks of whole boards, and the errors and the power of their tests.

Models answer the same items; an answer is right or wrong. The true score of a model in a column is its probability of a
right answer. Answers of models to an item can be correlated, by a normal latent variable that the models share: their
probabilities stay what they are.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from every_eval.statistics.binary_pairs import mcnemar_p
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray
from every_eval.statistics.p_values import benjamini_hochberg
from every_eval.statistics.quantiles import ALPHA, DETECTABLE_ERRORS
from every_eval.statistics.rank_bounds import RankBounds
from every_eval.statistics.ranks import ranks
from every_eval.statistics.win_rate_bounds import close_wins, decided_wins, difference_bounds, win_rate_bounds
from every_eval.statistics.win_rates import mean_win_rates

SPREAD, NEAR, TIED, CORRELATED, MISSING, APART, SHARED = (
    "spread",
    "near ties",
    "all tied",
    "correlated",
    "missing",
    "2.8 errors",
    "all tied, same items",
)
CASES: Final = (SPREAD, NEAR, TIED, CORRELATED, MISSING, APART, SHARED)
"""What the models are like. Their scores are from 0.3 to 0.9; from 0.59 to 0.61; all 0.6; from 0.3 to 0.9 with a
correlation of one half; from 0.3 to 0.9 with 3 of 10 columns missing; half of them 0.6, and half 2.8 errors better; all
0.6, with the same items and answers in all columns."""

ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class BoardCase:
    """A board to be drawn many times."""

    name: str
    n_models: int
    n_items: int
    n_columns: int

    @property
    def correlation(self) -> float:
        """Correlation of the latent variables of two models on an item."""
        return 0.5 if self.name == CORRELATED else 0.0

    def true_scores(self, rng: np.random.Generator) -> FloatArray:
        """Return true scores of shape (columns, models), NaN where a model has no score."""
        shape = (self.n_columns, self.n_models)
        if self.name in (TIED, SHARED):
            return np.full(shape, 0.6)
        if self.name == APART:
            # Of independent answers at 0.6, the difference of two shares has the variance 2 · 0.24 / n.
            better = DETECTABLE_ERRORS * np.sqrt(2 * 0.24 / self.n_items)
            return np.broadcast_to(np.where(np.arange(self.n_models) % 2, 0.6, np.minimum(0.6 + better, 0.99)), shape)
        if self.name == NEAR:
            return np.broadcast_to(np.linspace(0.59, 0.61, self.n_models), shape)
        scores = np.clip(np.linspace(0.3, 0.9, self.n_models) + rng.normal(0, 0.03, shape), 0.01, 0.99)
        if self.name == MISSING:
            scores[np.argsort(np.argsort(rng.random(shape), axis=0), axis=0) < 0.3 * self.n_columns] = np.nan
        return scores

    def draw_answers(self, scores: FloatArray, rng: np.random.Generator) -> BoolArray:
        """Return whether each answer is right, of shape (columns, items, models)."""
        shape = (self.n_columns, self.n_items, self.n_models)
        if not self.correlation:
            n_draws = 1 if self.name == SHARED else self.n_columns
            return rng.random((n_draws, *shape[1:])) < scores[:, np.newaxis]
        shared = rng.normal(size=(*shape[:2], 1)) * np.sqrt(self.correlation)
        latent = shared + rng.normal(size=shape) * np.sqrt(1 - self.correlation)
        answers: BoolArray = latent < ndtri(scores)[:, np.newaxis]
        return answers


class BoardShares(NamedTuple):
    """Means over the trials of a case."""

    win_rates: float
    """Share of trials in which the bounds hold the true win rates of all models."""
    rank_bounds: float
    """Share of trials in which the bounds hold the true ranks of all models."""
    width: float
    """Mean width of the bounds of a win rate."""
    rank_width: float
    """Mean width of the bounds of a rank, as a share of the possible width."""
    family_wise: float
    """Share of trials with a wrong decision: of equal models, or for the worse one."""
    false_discovery: float
    """Mean share of wrong pairs among the pairs that Benjamini and Hochberg's method finds."""
    power: float
    """Share of different pairs with p of at most 0.05, unadjusted."""
    power_holm: float
    """Share of different pairs that are decided."""
    power_bh: float
    """Share of different pairs that Benjamini and Hochberg's method finds."""


def run_case(case: BoardCase, n_trials: int) -> BoardShares:
    """Return the means over trials, the same in every run."""
    rng = np.random.default_rng([case.n_models, case.n_items, case.n_columns, CASES.index(case.name)])
    return BoardShares(*np.mean([_trial(case, rng) for _ in range(n_trials)], axis=0).tolist())


def compare(answers: BoolArray, has_score: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the differences and the exact p of all pairs, of shape (columns, models, models)."""
    right = answers.astype(np.float64)
    only: IntArray = (right.swapaxes(1, 2) @ (1 - right)).astype(np.int64)
    p_values = mcnemar_p(only, only.swapaxes(1, 2))
    is_compared = has_score[:, :, np.newaxis] & has_score[:, np.newaxis]
    differences = (only - only.swapaxes(1, 2)) / answers.shape[1]
    return np.where(is_compared, differences, 0.0), np.where(is_compared, p_values, np.nan)


def true_win_rates(scores: FloatArray) -> FloatArray:
    """Return the mean win rates of models with these true scores."""
    columns = [[None if np.isnan(score) else float(score) for score in column] for column in scores]
    rates = mean_win_rates(columns, [False] * len(columns))
    return np.array([np.nan if rate is None else rate for rate in rates])


def _trial(case: BoardCase, rng: np.random.Generator) -> BoardShares:
    scores = case.true_scores(rng)
    has_score = ~np.isnan(scores)
    differences, p_values = compare(case.draw_answers(scores, rng), has_score)
    decided = decided_wins(differences, p_values)
    wins = close_wins(decided)
    low, high = win_rate_bounds(wins, has_score)
    bounds = RankBounds.of_differences(difference_bounds(wins, has_score))
    rates = true_win_rates(scores)
    true_ranks = ranks(np.round(rates, 9))
    return BoardShares(
        bool(np.all((low - ROUNDING <= rates) & (rates <= high + ROUNDING))),
        bool(np.all((bounds.low <= true_ranks) & (true_ranks <= bounds.high))),
        float(np.mean(high - low)),
        float(np.mean(bounds.high - bounds.low)) / (case.n_models - 1),
        *_test_shares(scores, differences, p_values, decided),
    )


def _test_shares(
    scores: FloatArray, differences: FloatArray, p_values: FloatArray, decided: BoolArray
) -> tuple[float, ...]:
    """Return the last five of `BoardShares`."""
    i, j = np.triu_indices(scores.shape[1], 1)
    p, observed = p_values[:, i, j], np.sign(differences[:, i, j])
    truth = np.sign(scores[:, i] - scores[:, j])
    is_decided, is_found = (decided | decided.swapaxes(1, 2))[:, i, j], benjamini_hochberg(p) <= ALPHA
    is_wrong = observed != truth
    is_right = ~is_wrong & (truth != 0)
    n_found, n_different = int(np.sum(is_found)), int(np.sum(np.abs(truth) > 0))
    powers = (int(np.sum(is_right & found)) / max(n_different, 1) for found in (p <= ALPHA, is_decided, is_found))
    return float(np.any(is_decided & is_wrong)), int(np.sum(is_found & is_wrong)) / max(n_found, 1), *powers
