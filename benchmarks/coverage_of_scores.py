"""Coverage of the intervals of single scores: how often they hold the true mean."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
from scipy.stats import binom

from every_eval.statistics.groups import FloatArray
from every_eval.statistics.intervals import Intervals, Moments, confidence_intervals, wilson

SIZES: Final = (10, 30, 100, 1000)
"""Numbers of items."""
PROPORTIONS: Final = (0.02, 0.1, 0.5, 0.9, 0.98)
N_NEAR: Final = 41
"""Number of proportions near each of `PROPORTIONS`: from 20 % less of the smaller of p and 1 - p, to 20 % more."""

Draw = Callable[[np.random.Generator, tuple[int, int]], FloatArray]


def _mostly(value: float, share: float, *others: tuple[float, float, float]) -> Draw:
    """Return draws of a value, and with given shares of uniform numbers: (share, lowest, highest)."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        kind, uniform = rng.random(shape), rng.random(shape)
        values = np.full(shape, value)
        reached = share
        for part, lowest, highest in others:
            values = np.where(kind >= reached, lowest + (highest - lowest) * uniform, values)
            reached += part
        return values

    return draw


DISTRIBUTIONS: Final[Mapping[str, tuple[Draw, float]]] = {
    "Beta(0.1, 4.9)": (lambda rng, shape: rng.beta(0.1, 4.9, shape), 0.02),
    "Beta(0.3, 3)": (lambda rng, shape: rng.beta(0.3, 3, shape), 0.3 / 3.3),
    "Beta(8, 2)": (lambda rng, shape: rng.beta(8, 2, shape), 0.8),
    "98 % zeros, 2 % U(0.5, 1)": (_mostly(0, 0.98, (0.02, 0.5, 1)), 0.02 * 0.75),
    "96 % ones, 2 % zeros, 2 % U(0, 1)": (_mostly(1, 0.96, (0.02, 0, 0), (0.02, 0, 1)), 0.96 + 0.02 * 0.5),
    "60 % zeros, 40 % U(0, 1)": (_mostly(0, 0.6, (0.4, 0, 1)), 0.2),
}
"""Distributions of values in [0, 1], each with its mean."""


def score_rows(n_trials: int) -> Iterator[tuple[str, list[float]]]:
    """Yield for each distribution its name, and the coverage at each of `SIZES`.

    Coverages of proportions are exact; the others are shares of `n_trials` samples.
    """
    for centre in PROPORTIONS:
        yield f"Bernoulli {centre}", [_coverage_of_proportions(centre, n) for n in SIZES]
    for name, (draw, mean) in DISTRIBUTIONS.items():
        rng = np.random.default_rng(15)
        yield name, [_coverage(draw, rng, mean, n, n_trials) for n in SIZES]


def _coverage_of_proportions(centre: float, n: int) -> float:
    distance = 0.2 * min(centre, 1 - centre)
    near = np.linspace(centre - distance, centre + distance, N_NEAR)
    counts = np.arange(n + 1)
    low, high = wilson(counts / n, np.full(n + 1, float(n)))
    covered = [binom.pmf(counts, n, p)[(low <= p) & (p <= high)].sum() for p in near]
    return float(np.mean(covered))


def _coverage(draw: Draw, rng: np.random.Generator, mean: float, n: int, n_trials: int) -> float:
    found = intervals_in_unit_range(draw(rng, (n_trials, n)))
    return float(np.mean((found.low <= mean) & (mean <= found.high)))


def intervals_in_unit_range(values: FloatArray) -> Intervals:
    """Return the intervals of samples of values in [0, 1], of shape (samples, items)."""
    n_samples, n = values.shape
    mean = values.mean(axis=1)
    unknown = np.full(n_samples, np.nan)
    return confidence_intervals(
        Moments(
            n=np.full(n_samples, float(n)),
            mean=mean,
            m2=np.sum((values - mean[:, np.newaxis]) ** 2, axis=1),
            lowest=np.zeros(n_samples),
            highest=np.ones(n_samples),
            is_binary=np.zeros(n_samples, np.bool_),
            n_trials=np.ones(n_samples),
            trial_variance=unknown,
            residual_mean_square=unknown,
            stated_error=unknown,
        )
    )
