"""Moments of the differences of pairs of models on the items that both have a value for, by exact matrix products.

A matrix product adds in an order that depends on the machine and on the number of threads. Here it adds whole numbers
below 2**53 alone, which are exact in any order. Values of 32 bits are split into two halves of 16 bits, so that their
products have 32 bits, and sums over up to 2**20 items stay below 2**53.
"""

from typing import Final, NamedTuple, Self

import numpy as np

from every_eval.statistics.fixed_point import round_to_step, step_of
from every_eval.statistics.groups import FloatArray, IntArray

HALF: Final = float(1 << 16)
BLOCK_ITEMS: Final = 1 << 12
"""Items that are multiplied at once, which bounds memory."""
ROUNDING: Final = 1e-12
"""Share of a sum of squares below which a sum of squared deviations is 0."""


class Units(NamedTuple):
    """Values of several models on items, in whole multiples of a step and relative to the middle of their range."""

    numbers: FloatArray
    """Whole numbers up to 2**32, of shape (models, items); NaN where a model has no value."""
    step: float

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Round finite values, NaN where missing, to 32 binary digits of the largest of them."""
        step = step_of(values)
        numbers = round_to_step(values) / step
        middle = np.rint((np.fmin.reduce(numbers, axis=None) + np.fmax.reduce(numbers, axis=None)) / 2)
        return cls(numbers - middle, step)


class PairedMoments(NamedTuple):
    """Moments over the items that two models a and b have in common: arrays with one element for each pair."""

    n: FloatArray
    """Number of common items."""
    total: FloatArray
    """Sum of the differences a - b."""
    squares: FloatArray
    """Sum of the squared differences."""
    squares_a: FloatArray
    """Sum of squared deviations of a from its mean over the common items."""
    squares_b: FloatArray
    """Sum of squared deviations of b from its mean over the common items."""
    products: FloatArray
    """Sum of the products of the deviations of a and b."""


def paired_moments(units: Units, a: IntArray, b: IntArray) -> PairedMoments:
    """Return the moments of pairs of models.

    Args:
        units: Values of all models.
        a: Row of the first model of each pair.
        b: Row of the second model.
    """
    sums = _sums(units.numbers, a, b)
    n, of_a, of_b, hh, hl, lh, ll, hh_a, hl_a, ll_a, hh_b, hl_b, ll_b = sums
    step, divisor = units.step, np.maximum(n, 1)
    # The sums of products of differences are whole numbers, too, which leaves no error in them where values are close.
    squares = _join(hh_a + hh_b - 2 * hh, hl_a + hl_b - hl - lh, ll_a + ll_b - 2 * ll)
    products = _join(hh, (hl + lh) / 2, ll) - of_a * of_b / divisor
    squares_a = _deviations(_join(hh_a, hl_a, ll_a), of_a, divisor)
    squares_b = _deviations(_join(hh_b, hl_b, ll_b), of_b, divisor)
    of_pairs = (squares, squares_a, squares_b, products)
    return PairedMoments(n, (of_a - of_b) * step, *(part * step**2 for part in of_pairs))


def count_different(units: Units, a: IntArray, b: IntArray) -> IntArray:
    """Return for each pair of models the number of common items on which their values differ."""
    counts = np.zeros(len(a), np.int64)
    for pair, (first, second) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        difference = units.numbers[first] - units.numbers[second]
        counts[pair] = np.count_nonzero(difference) - np.count_nonzero(np.isnan(difference))
    return counts


def _sums(numbers: FloatArray, a: IntArray, b: IntArray) -> FloatArray:
    """Return sums over the common items of each pair, of shape (13, pairs).

    With ones 1, values v, and their halves h and l, they are of 1, va, vb, ha hb, ha lb, la hb, la lb, and of ha ha,
    ha la, la la, hb hb, hb lb, lb lb.
    """
    rows_a, at_a = np.unique(a, return_inverse=True)
    rows_b, at_b = np.unique(b, return_inverse=True)
    sums = np.zeros((13, len(a)))
    for start in range(0, numbers.shape[1], BLOCK_ITEMS):
        items = slice(start, start + BLOCK_ITEMS)
        one, v, h, l = _halves(numbers[rows_a, items])  # noqa: E741 - as in the docstring
        one_b, v_b, h_b, l_b = _halves(numbers[rows_b, items])
        left = (one, v, one, h, h, l, l, h * h, h * l, l * l, one, one, one)
        right = (one_b, one_b, v_b, h_b, l_b, h_b, l_b, one_b, one_b, one_b, h_b * h_b, h_b * l_b, l_b * l_b)
        for number, (of_a, of_b) in enumerate(zip(left, right, strict=True)):
            sums[number] += (of_a @ of_b.T)[at_a, at_b]
    return sums


def _halves(numbers: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return 1 where a value is known, the values, and the halves h and l with v = h 2**16 + l; 0 where unknown."""
    is_known = ~np.isnan(numbers)
    values = np.where(is_known, numbers, 0.0)
    high = np.rint(values / HALF)
    return is_known.astype(np.float64), values, high, values - high * HALF


def _join(high: FloatArray, mixed: FloatArray, low: FloatArray) -> FloatArray:
    """Return Σ x y from Σ hx hy, the mean of Σ hx ly and Σ lx hy, and Σ lx ly."""
    return high * HALF**2 + mixed * (2 * HALF) + low


def _deviations(squares: FloatArray, total: FloatArray, n: FloatArray) -> FloatArray:
    """Return sums of squared deviations from the mean; 0 where only an error of rounding is left."""
    deviations = squares - total**2 / n
    return np.where(deviations > squares * ROUNDING, deviations, 0.0)
