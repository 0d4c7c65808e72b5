"""Standard error of a mean over items and trials, where each item was tried in each trial.

Both the items and the trials are a choice: other questions, and other seeds or epochs, would give another mean. With
value = mean + item + trial + residual, all independent, n items and T trials,

    error² = s²(item means) / n + max(0, s²(trial means) - r / n) / T

where r is the residual mean square. The first term is the variance of items and of residuals, the second that of
trials: Searle, Casella and McCulloch, Variance Components (1992), section 4.4. A single trial tells nothing of the
variance between trials, so that the first term stands alone.
"""

import math

import numpy as np

from every_eval.statistics.groups import FloatArray


def trial_moments(values: FloatArray) -> tuple[float, float]:
    """Return s²(trial means) and the residual mean square of a table of items (rows) by trials (columns).

    Args:
        values: Values of shape (items, trials), none missing.

    Returns:
        The sample variance of the trials' means, NaN for fewer than two trials; and the residual mean square, with
        (n - 1) (T - 1) degrees of freedom, NaN for fewer than two items or two trials. Both are squares of the unit.
    """
    n_items, n_trials = values.shape
    if n_trials < 2 or n_items < 1:
        return math.nan, math.nan
    trial_means = values.mean(axis=0)
    trial_variance = float(np.var(trial_means, ddof=1))
    if n_items < 2:
        return trial_variance, math.nan
    residuals = values - values.mean(axis=1)[:, None] - trial_means + values.mean()
    return trial_variance, float((residuals**2).sum()) / ((n_items - 1) * (n_trials - 1))


def add_trials(
    item_square: FloatArray, n: FloatArray, n_trials: FloatArray, trial_variance: FloatArray, residual: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the standard error over items and trials, and Satterthwaite's degrees of freedom.

    With a = s²(item means) / n, b = s²(trial means) / T and c = r / (n T), error² = a + b - c where b > c, and its
    degrees of freedom are error⁴ / (a² / (n - 1) + b² / (T - 1) + c² / ((n - 1) (T - 1))): Satterthwaite, Biometrics
    Bulletin 2 (1946), 110-114. As c is subtracted, they are held between the smaller of n - 1 and T - 1 and their sum.
    Where the trials add nothing, or there is one trial, the error is √a with n - 1 degrees of freedom.

    Args:
        item_square: s²(item means) / n.
        n: Number of items.
        n_trials: Number of trials, T.
        trial_variance: s²(trial means); NaN for a single trial or where unknown.
        residual: Residual mean square; NaN likewise.
    """
    of_items, of_trials = n - 1, n_trials - 1
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # NaN and infinite values stay so.
        b, c = trial_variance / n_trials, residual / (n * n_trials)
        is_added = (n_trials > 1) & (n > 1) & (b > c)
        square = np.where(is_added, item_square + b - c, item_square)
        freedom = square**2 / (item_square**2 / of_items + b**2 / of_trials + c**2 / (of_items * of_trials))
        held = np.clip(freedom, np.minimum(of_items, of_trials), of_items + of_trials)
        return np.sqrt(square), np.where(is_added, held, of_items)


def crossed_standard_error(values: FloatArray) -> float:
    """Return the standard error of the mean over a table of items (rows) by trials (columns).

    Args:
        values: Values, one row for each item and one column for each trial, none missing.

    Returns:
        The standard error in the unit of the values; NaN for fewer than two items.
    """
    n_items, n_trials = values.shape
    if n_items < 2 or n_trials < 1:
        return math.nan
    item_square = np.var(values.mean(axis=1), ddof=1) / n_items
    numbers = (item_square, n_items, n_trials, *trial_moments(values))
    error, _ = add_trials(*(np.array(float(number)) for number in numbers))
    return float(error)
