"""Sums of differences of models over random draws, each pair of models over the items that both have a value for.

A draw gives each item a whole weight: the number of times that a replicate counts the item, or a random sign. With
values in whole units, every sum is a whole number below 2**53 and so exact in any order of addition.

Models that have values on the same items form a class. The sums of a model's values over the items of each class are
matrix products, and give the sums of all its pairs. Where a class lacks few items, the sum over these is subtracted
from the sum over all items, which gives the same number, as the sums are exact.
"""

import numpy as np

from every_eval.statistics.groups import FloatArray, IntArray


class DrawnSums:
    """Sums of values of several models over draws."""

    def __init__(self, numbers: FloatArray) -> None:
        """Take whole numbers of shape (models, items), NaN where a model has no value."""
        is_known = ~np.isnan(numbers)
        classes, class_of = np.unique(is_known, axis=0, return_inverse=True)
        self._class_of: IntArray = class_of.reshape(-1)
        self._classes = classes
        self._values = np.where(is_known, numbers, 0.0)

    def differences(self, draws: FloatArray, a: IntArray, b: IntArray) -> FloatArray:
        """Return the sum of weight x (a - b) over the common items of each pair in each draw.

        Args:
            draws: Weight of each item in each draw, of shape (items, draws).
            a: Row of the first model of each pair.
            b: Row of the second model.

        Returns:
            Sums of shape (pairs, draws).
        """
        sums = self._over_classes(self._values, draws)
        found: FloatArray = sums[self._class_of[b], a]
        found -= sums[self._class_of[a], b]
        return found

    def weights(self, draws: FloatArray, a: IntArray, b: IntArray) -> FloatArray:
        """Return the sum of weights of the common items of each pair in each draw, of shape (pairs, draws)."""
        sums = self._over_classes(self._classes.astype(np.float64), draws)
        found: FloatArray = sums[self._class_of[a], self._class_of[b]]
        return found

    def _over_classes(self, rows: FloatArray, draws: FloatArray) -> FloatArray:
        """Return the sums of rows of shape (rows, items) over the items of each class: (classes, rows, draws)."""
        whole = rows @ draws
        sums = np.empty((len(self._classes), *whole.shape))
        for number, items in enumerate(self._classes):
            lacking = np.flatnonzero(~items)
            if 2 * len(lacking) <= len(items):
                sums[number] = whole - rows[:, lacking] @ draws[lacking] if len(lacking) else whole
            else:
                known = np.flatnonzero(items)
                sums[number] = rows[:, known] @ draws[known]
        return sums
