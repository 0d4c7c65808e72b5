"""The sign-flip test: whether the mean of paired differences is 0.

If two models do equally well, the difference of an item is as likely as its negative. A flip gives each item a random
sign; p is the share of flips whose sum of differences is at least as far from 0 as the observed sum: Fisher, The Design
of Experiments (1935), section 21. An item has the same signs in all pairs and columns, so that the sums of a pair
follow from one matrix product for each model, and dependence between pairs and columns is kept.

Sums must be of values that `fixed_point.round_to_step` rounded: they are then exact, so that a sum that equals the
observed one counts as equal on every machine.
"""

from typing import Final

import numpy as np
import scipy

from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.p_values import round_p

N_FLIPS: Final = 9999
"""Number of flips. The smallest p is 1 / 10,000; the standard error of p = 0.05 is 0.0022."""
BOUND_FROM: Final = 3.5
"""Σd / √Σd² above which the bound replaces the flips, which cannot resolve small p."""
BOUND_FACTOR: Final = 6.36
"""Twice 1 / (4 P(Z > √2)) = 3.178."""


def count_extreme(flipped: FloatArray, observed: FloatArray, tolerance: float) -> IntArray:
    """Return the number of flips whose sum is at least as far from 0 as the observed sum.

    Args:
        flipped: Sums of differences with flipped signs, of shape (flips, pairs).
        observed: Sums of the differences, of shape (pairs).
        tolerance: Difference up to which two sums are equal: two steps of `fixed_point.step_of` for each item, so that
            sums of thirds or tenths that are equal before rounding are equal after it.
    """
    n_extreme: IntArray = np.sum(np.abs(flipped) >= np.abs(observed) - tolerance, axis=0, dtype=np.int64)
    return n_extreme


def sign_flip_p(n_extreme: IntArray, n_flips: int, total: FloatArray, sum_of_squares: FloatArray) -> FloatArray:
    """Return the two-sided p of the sign-flip test.

    p = (n_extreme + 1) / (n_flips + 1), which is valid for any number of flips: Phipson and Smyth, Statistical
    Applications in Genetics and Molecular Biology 9 (2010), article 39. Where z = |Σd| / √Σd² > 3.5, p is 6.36 (1 -
    Φ(z)), an upper bound of the share among all 2ⁿ flips: Bentkus and Dzindzalieta, Bernoulli 21 (2015), 1231-1237.
    Where all differences are 0, p is 1.

    Args:
        n_extreme: Result of `count_extreme` for each pair.
        n_flips: Number of flips counted.
        total: Observed sum Σd of each pair.
        sum_of_squares: Σd² of each pair.
    """
    z = np.abs(total) / np.sqrt(np.where(sum_of_squares > 0, sum_of_squares, np.inf))
    counted = (n_extreme + 1) / (n_flips + 1)
    bound = np.minimum(BOUND_FACTOR * scipy.special.ndtr(-z), 1.0)
    return round_p(np.where(sum_of_squares > 0, np.where(z > BOUND_FROM, bound, counted), 1.0))
