"""Errors and power of the sign-flip test on graded answers, and coverage of the ranks that its decisions bound."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from every_eval.statistics.fixed_point import round_to_step, step_of
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.quantiles import ALPHA, DETECTABLE_ERRORS
from every_eval.statistics.rank_bounds import RankBounds
from every_eval.statistics.ranks import ranks
from every_eval.statistics.sign_flips import N_FLIPS, count_extreme, sign_flip_p
from every_eval.statistics.win_rate_bounds import close_wins, decided_wins

SPREAD, TIED, SKEWED, APART = "spread", "all tied", "all tied, 90 % zeros", "2.8 errors"
CASES: Final = (SPREAD, TIED, SKEWED, APART)
"""Answers are Beta(2 m, 2 - 2 m) with the mean m of the model: from 0.3 to 0.7; all 0.5; 90 % zeros and 10 % uniform;
half of them 0.4, and half 2.8 standard errors better."""
SIZES: Final = ((8, 30), (8, 100), (8, 1000), (20, 30), (20, 100), (20, 1000))
"""Numbers of models and of items."""


@dataclass(frozen=True)
class FlipShares:
    """What the sign-flip test did in a case: each number is a share or a mean over the trials."""

    case: str
    n_models: int
    n_items: int
    rank_bounds: float
    rank_width: float
    family_wise: float
    power: float
    power_holm: float


def flip_rows(n_trials: int) -> Iterator[FlipShares]:
    """Yield the shares of each case."""
    for n_models, n_items in SIZES:
        for case in CASES:
            rng = np.random.default_rng([n_models, n_items, CASES.index(case)])
            signs = rng.integers(0, 2, (N_FLIPS, n_items)) * np.float64(2) - np.float64(1)
            trials = [_trial(rng, case, signs, n_models) for _ in range(n_trials)]
            yield FlipShares(case, n_models, n_items, *np.mean(trials, axis=0).tolist())


def _means(case: str, n_models: int, n_items: int) -> FloatArray:
    if case == SPREAD:
        return np.linspace(0.3, 0.7, n_models)
    if case == APART:
        # The variance of Beta(2 m, 2 - 2 m) is m (1 - m) / 3.
        better = DETECTABLE_ERRORS * np.sqrt(2 * 0.24 / 3 / n_items)
        return np.where(np.arange(n_models) % 2, 0.4, 0.4 + better)
    return np.full(n_models, 0.05 if case == SKEWED else 0.5)


def _trial(rng: np.random.Generator, case: str, signs: FloatArray, n_models: int) -> tuple[float, ...]:
    shape = (signs.shape[1], n_models)
    means = _means(case, n_models, shape[0])
    values = rng.beta(2 * means, 2 - 2 * means, shape)
    if case == SKEWED:
        values = np.where(rng.random(shape) < 0.9, 0.0, rng.random(shape))
    i, j = np.triu_indices(n_models, 1)
    p, observed = flip_p_values(values, signs), np.sign(values.mean(axis=0)[i] - values.mean(axis=0)[j])
    truth = np.sign(means[i] - means[j])
    wins = decided_wins(*(_matrix(part, n_models, sign) for part, sign in ((observed, -1), (p, 1))))
    bounds, true_ranks = RankBounds.of(close_wins(wins)[0]), ranks(means)
    is_decided = (wins[0] | wins[0].T)[i, j]
    is_held = bool(np.all((bounds.low <= true_ranks) & (true_ranks <= bounds.high)))
    is_right = (truth != 0) & (observed == truth)
    n_different = np.count_nonzero(truth) or np.nan
    return (
        float(is_held),
        float(np.mean(bounds.high - bounds.low)) / (n_models - 1),
        float(np.any(is_decided & (observed != truth))),
        np.count_nonzero((p <= ALPHA) & is_right) / n_different,
        np.count_nonzero(is_decided & is_right) / n_different,
    )


def flip_p_values(values: FloatArray, signs: FloatArray) -> FloatArray:
    """Return the p of all pairs of models, of values of shape (items, models) and signs of shape (flips, items)."""
    i, j = np.triu_indices(values.shape[1], 1)
    rounded = round_to_step(values)
    flipped, total = signs @ rounded, rounded.sum(axis=0)
    tolerance = 2 * len(values) * step_of(values)
    n_extreme = [
        count_extreme(flipped[:, a, np.newaxis] - flipped[:, b, np.newaxis], total[a] - total[b], tolerance)[0]
        for a, b in zip(i, j, strict=True)
    ]
    squares = np.sum((rounded[:, i] - rounded[:, j]) ** 2, axis=0)
    return sign_flip_p(np.array(n_extreme, np.int64), len(signs), total[i] - total[j], squares)


def _matrix(of_pairs: FloatArray, n_models: int, sign: int) -> FloatArray:
    matrix = np.zeros((1, n_models, n_models))
    i, j = np.triu_indices(n_models, 1)
    matrix[0, i, j], matrix[0, j, i] = of_pairs, sign * of_pairs
    return matrix
