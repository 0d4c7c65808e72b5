"""What the epochs of a log say beyond Inspect's own results: pass@k, pass^k, and the error over samples and epochs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from every_eval.sources.inspect.statistics.metrics import mean_in_order
from every_eval.sources.inspect.statistics.reducers import pass_at_k, pass_hat_k
from every_eval.sources.inspect.statistics.run_scores import RunScores
from every_eval.sources.inspect.statistics.values import elements, published_number
from every_eval.statistics.crossed_error import crossed_standard_error
from every_eval.statistics.groups import FloatArray


@dataclass(frozen=True, slots=True)
class Reliability:
    """Statistics of a scorer over the samples that have a score in every epoch."""

    n_samples: int
    """Number of samples with a score in every epoch."""
    n_epochs: int
    """Number of epochs."""
    standard_error: float | None
    """Standard error of the mean over the choice of samples and of epochs; null for fewer than two samples."""
    pass_at: Mapping[int, float]
    """Mean of pass@k by k, from 1 to the number of epochs; empty if there is no sample, or a score beyond 0 and 1."""
    pass_hat: Mapping[int, float]
    """Mean of pass^k by k, likewise."""


def reliability(scores: RunScores, scorer: str, key: str | None = None) -> Reliability:
    """Return the reliability of a scorer, or of a key of its objects or a position in its lists.

    A score of 1 is a success. pass@k and pass^k are defined for scores from 0 to 1.
    """
    values = epoch_table(scores, scorer, key)
    n_samples, n_epochs = values.shape
    with np.errstate(invalid="ignore", over="ignore"):  # Values may be infinite.
        error = crossed_standard_error(values)
    rates = values.tolist() if ((values >= 0) & (values <= 1)).all() else []
    return Reliability(
        n_samples,
        n_epochs,
        error if math.isfinite(error) else None,
        _means(pass_at_k, rates, n_epochs),
        _means(pass_hat_k, rates, n_epochs),
    )


def epoch_table(scores: RunScores, scorer: str, key: str | None = None) -> FloatArray:
    """Return the numbers of a scorer as a table of samples by epochs, of the samples with a score in every epoch."""
    by_epoch = _by_epoch(scores, scorer, key)
    epochs = sorted({epoch for numbers in by_epoch.values() for epoch in numbers})
    table = [[numbers[each] for each in epochs] for numbers in by_epoch.values() if len(numbers) == len(epochs)]
    return np.array(table, np.float64).reshape(len(table), len(epochs))


def _by_epoch(scores: RunScores, scorer: str, key: str | None) -> Mapping[str, Mapping[int, float]]:
    """Return the number of each epoch that is scored, by sample."""
    by_epoch: dict[str, dict[int, float]] = {}
    for sample in scores.samples:
        value = sample.values.get(scorer)
        if key is not None:
            value = elements(value).get(key, math.nan)
        number = published_number(value, is_element=key is not None)
        if number is not None:
            by_epoch.setdefault(str(sample.id), {})[sample.epoch] = number
    return by_epoch


def _means(
    estimate: Callable[[Sequence[float], int], float], table: Sequence[Sequence[float]], n_epochs: int
) -> Mapping[int, float]:
    if not table:
        return {}
    return {k: mean_in_order([estimate(values, k) for values in table]) for k in range(1, n_epochs + 1)}
