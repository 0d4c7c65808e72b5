"""Two models on the same items whose values are 0 or 1: the test of no difference, and the interval of the difference.

Only discordant items tell the models apart: those that exactly one of them gets right.
"""

from typing import Final

import numpy as np
import scipy

from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.p_values import round_p
from every_eval.statistics.quantiles import DETECTABLE_ERRORS, Z

MIN_DISCORDANT: Final = 6
"""Fewest discordant items for which a difference can be detected: with 5, the smallest exact p is 2 / 2⁵ > 0.05."""


def mcnemar_p(n_only_a: IntArray, n_only_b: IntArray) -> FloatArray:
    """Return the exact p of McNemar's test: min(1, 2 P(X ≤ min(a, b))) with X binomial of a + b draws at one half.

    McNemar, Psychometrika 12 (1947), 153-157. Without discordant items, p is 1.

    Args:
        n_only_a: Number of items that only model a gets right, of any shape.
        n_only_b: Number of items that only model b gets right.
    """
    fewer, n = np.minimum(n_only_a, n_only_b), n_only_a + n_only_b
    return round_p(np.where(n_only_a == n_only_b, 1.0, 2 * scipy.special.bdtr(fewer.astype(np.float64), n, 0.5)))


def bonett_price_error(n_only_a: IntArray, n_only_b: IntArray, n: IntArray) -> FloatArray:
    """Return the standard error of the difference of two paired proportions, by Bonett and Price.

    √((p + q - (p - q)²) / (n + 2)) with p = (a + 1) / (n + 2) and q = (b + 1) / (n + 2): Journal of Educational and
    Behavioral Statistics 37 (2012), 479-488.

    Args:
        n_only_a: Number of items that only model a gets right.
        n_only_b: Number of items that only model b gets right.
        n: Number of items that both models answered.
    """
    p, q = (n_only_a + 1) / (n + 2), (n_only_b + 1) / (n + 2)
    return np.sqrt((p + q - (p - q) ** 2) / (n + 2))


def bonett_price_interval(n_only_a: IntArray, n_only_b: IntArray, n: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the 95 % interval of the share of items that a gets right minus that of b; NaN without items.

    (a - b) / (n + 2) ± z times `bonett_price_error`, held within -1 and 1.
    """
    middle = np.where(n > 0, (n_only_a - n_only_b) / (n + 2), np.nan)
    half = Z * bonett_price_error(n_only_a, n_only_b, n)
    return np.maximum(middle - half, -1.0), np.minimum(middle + half, 1.0)


def detectable_difference(n_only_a: IntArray, n_only_b: IntArray, n: IntArray) -> FloatArray:
    """Return the smallest difference that a test at 5 % finds with 80 % power: 2.80 errors of Bonett and Price.

    NaN for fewer than `MIN_DISCORDANT` discordant items, as no difference between so few answers is significant.
    """
    is_possible = n_only_a + n_only_b >= MIN_DISCORDANT
    return np.where(is_possible, DETECTABLE_ERRORS * bonett_price_error(n_only_a, n_only_b, n), np.nan)
