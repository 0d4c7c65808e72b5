"""Standard error of a mean over items and trials, where each item was tried in each trial.

Both the items and the trials are a choice: other questions, and other seeds or epochs, would give another mean.
"""

import math

import numpy as np

from every_eval.statistics.groups import FloatArray


def crossed_standard_error(values: FloatArray) -> float:
    """Return the standard error of the mean over a table of items (rows) by trials (columns).

    With value = mean + item + trial + residual, all independent, n items and T trials,

        error² = s²(item means) / n + max(0, s²(trial means) - r / n) / T

    where r is the residual mean square. The first term is the variance of items and of residuals, the second that of
    trials: Searle, Casella and McCulloch, Variance Components (1992), section 4.4. A single trial tells nothing of the
    variance between trials, so that the first term stands alone.

    Args:
        values: Values, one row for each item and one column for each trial, none missing.

    Returns:
        The standard error in the unit of the values; NaN for fewer than two items.
    """
    n_items, n_trials = values.shape
    if n_items < 2 or n_trials < 1:
        return math.nan
    item_means, trial_means = values.mean(axis=1), values.mean(axis=0)
    of_items = float(np.var(item_means, ddof=1)) / n_items
    if n_trials < 2:
        return math.sqrt(of_items)
    residuals = values - item_means[:, None] - trial_means + values.mean()
    mean_square = float((residuals**2).sum()) / ((n_items - 1) * (n_trials - 1))
    of_trials = float(np.var(trial_means, ddof=1)) - mean_square / n_items
    return math.sqrt(of_items + max(0.0, of_trials) / n_trials)
