"""The percentile interval of bootstrap replicates; `item_draws` draws the weights of the replicates."""

import numpy as np

from every_eval.statistics.groups import FloatArray
from every_eval.statistics.quantiles import LEVEL


def percentile_interval(replicates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the interval that holds 95 % of the replicates along the last axis; NaN is ignored.

    The ends of n replicates are the k-th smallest and the k-th largest with k = (n + 1) 2.5 %, rounded down: the 50th
    and the 1,951st of 2,000.
    """
    ordered = np.sort(replicates, axis=-1)  # NaN comes last.
    n = np.sum(~np.isnan(replicates), axis=-1, keepdims=True)
    k = np.maximum((n + 1) * (1 - LEVEL) / 2, 1).astype(np.int64)
    low = np.take_along_axis(ordered, k - 1, axis=-1)
    high = np.take_along_axis(ordered, np.maximum(n - k, 0), axis=-1)
    return low[..., 0], high[..., 0]
