"""Coverage of the intervals of adjusted scores, where models were measured in half of the columns."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from every_eval.statistics.additive_fit import AdditiveFit
from every_eval.statistics.adjusted_scores import AdjustedScores, SamplingErrors
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.quantiles import Z

N_MODELS: Final = 30
N_COLUMNS: Final = 10
SIZES: Final = (30, 100, 1000)
"""Numbers of items of a column."""
INTERACTIONS: Final = (0.0, 0.03, 0.06)
"""Standard deviations of a model's true score in a column from the additive fit."""


def adjusted_rows(n_trials: int) -> Iterator[tuple[float, int, float, float]]:
    """Yield the interaction, the number of items, the coverage, and that without the variance of the interaction.

    Half of the models have scores in half of the columns, drawn for each model; their intervals are counted.
    """
    for interaction in INTERACTIONS:
        for n_items in SIZES:
            rng = np.random.default_rng([n_items, round(1000 * interaction)])
            shares = np.mean([_trial(rng, interaction, n_items) for _ in range(n_trials)], axis=0)
            yield interaction, n_items, float(shares[0]), float(shares[1])


def _trial(rng: np.random.Generator, interaction: float, n_items: int) -> tuple[float, float]:
    """Return the shares of intervals that hold the true mean over all columns, with and without the interaction."""
    shape = (N_COLUMNS, N_MODELS)
    true = np.linspace(0.35, 0.75, N_MODELS) + rng.normal(0, 0.05, (N_COLUMNS, 1)) + rng.normal(0, interaction, shape)
    true = np.clip(true, 0.02, 0.98)
    answers = (rng.random((N_COLUMNS, n_items, N_MODELS)) < true[:, np.newaxis]).astype(np.float64)
    has_gaps = np.arange(N_MODELS) % 2 == 1
    order = np.argsort(np.argsort(rng.random(shape), axis=0), axis=0)
    scores = np.where(has_gaps & (order < N_COLUMNS // 2), np.nan, answers.mean(axis=1))
    found = AdjustedScores.of(scores, _errors(answers, scores))
    error = np.abs(found.values - true.mean(axis=0))[has_gaps]
    low, high = (end[has_gaps] for end in found.intervals())
    sampled = np.diag(found.covariances - found.interaction * AdditiveFit.of(~np.isnan(scores)).interaction)
    half = Z * np.sqrt(np.maximum(sampled[has_gaps], 0.0))
    return float(np.mean(error <= (high - low) / 2)), float(np.mean(error <= half))


def _errors(answers: FloatArray, scores: FloatArray) -> SamplingErrors:
    n_items = answers.shape[1]
    variances = np.where(np.isnan(scores), np.nan, answers.var(axis=1, ddof=1) / n_items)
    deviations = answers - answers.mean(axis=1, keepdims=True)
    products = deviations.swapaxes(1, 2) @ deviations / (n_items - 1) / n_items
    own = np.diagonal(products, axis1=1, axis2=2)
    return SamplingErrors(variances, own[:, :, np.newaxis] + own[:, np.newaxis] - 2 * products)
