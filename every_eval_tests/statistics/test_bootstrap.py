import math

import numpy as np

from every_eval.statistics.bootstrap import percentile_interval


def test_the_interval_leaves_out_the_outermost_replicates() -> None:
    # Of 200: the 5th smallest and the 5th largest; of 100: k = 101 * 2.5 % = 2.5, so the 2nd
    shuffled = np.random.default_rng(0).permutation(np.arange(1.0, 201.0))
    low, high = percentile_interval(np.array([shuffled, np.where(shuffled > 100, np.nan, shuffled)]))
    assert (low.tolist(), high.tolist()) == ([5.0, 2.0], [196.0, 99.0])
    low, high = percentile_interval(np.array([[math.nan] * 3, [1.0, math.nan, 3.0]]))
    assert np.isnan(low[0]) and np.isnan(high[0])
    assert (low[1], high[1]) == (1.0, 3.0)
