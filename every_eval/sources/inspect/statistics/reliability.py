"""What the epochs of a log say beyond Inspect's own results: pass@k, pass^k, and the error over samples and epochs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from every_eval.sources.inspect.statistics.metrics import mean_in_order
from every_eval.sources.inspect.statistics.reducers import SUCCESS, pass_at_k, pass_hat_k
from every_eval.statistics.crossed_error import crossed_standard_error
from every_eval.statistics.groups import FloatArray, IntArray


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


def reliability(values: FloatArray) -> Reliability:
    """Return the reliability of a scorer, or of an element of its values.

    A score of 1 is a success. pass@k and pass^k are defined for scores from 0 to 1.

    Args:
        values: Scores of samples by epochs, none missing.
    """
    n_samples, n_epochs = values.shape
    with np.errstate(invalid="ignore", over="ignore"):  # Values may be infinite.
        error = crossed_standard_error(values)
    is_rate = ((values >= 0) & (values <= 1)).all()
    n_passed = (values >= SUCCESS).sum(axis=1).tolist() if is_rate else []
    return Reliability(
        n_samples,
        n_epochs,
        error if math.isfinite(error) else None,
        _means(pass_at_k, n_passed, n_epochs),
        _means(pass_hat_k, n_passed, n_epochs),
    )


def epoch_table(instances: IntArray, epochs: IntArray, numbers: FloatArray) -> FloatArray:
    """Return the scores of the samples that are scored in every epoch, of shape (samples, epochs).

    Args:
        instances: Sample of each score, as a number from 0.
        epochs: Epoch of each score.
        numbers: Scores in Inspect's order; NaN for an unscored sample.
    """
    is_scored = ~np.isnan(numbers)
    _, first, rows = np.unique(instances[is_scored], return_index=True, return_inverse=True)
    stated, columns = np.unique(epochs[is_scored], return_inverse=True)
    table = np.full((len(first), len(stated)), np.nan)
    table[rows, columns] = numbers[is_scored]
    in_order = table[np.argsort(first)]
    complete: FloatArray = in_order[~np.isnan(in_order).any(axis=1)]
    return complete


def _means(estimate: Callable[[int, int, int], float], n_passed: Sequence[int], n_epochs: int) -> Mapping[int, float]:
    """Return the mean of an estimate over samples, of whose epochs `n_passed` are successes, for each k."""
    means = {}
    for k in range(1, n_epochs + 1) if n_passed else ():
        by_count = [estimate(n_epochs, count, k) for count in range(n_epochs + 1)]
        means[k] = mean_in_order([by_count[count] for count in n_passed])
    return means
