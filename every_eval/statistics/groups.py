"""Grouped sums and extremes over arrays."""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Groups:
    """Positions with equal keys, brought together; every result is in ascending order of the keys."""

    def __init__(self, keys: IntArray) -> None:
        """Group the positions of `keys`."""
        self._order = np.argsort(keys, kind="stable")
        ordered = keys[self._order]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(keys) else self._order
        self.keys: IntArray = ordered[self._starts]

    @property
    def sizes(self) -> IntArray:
        """Number of positions in each group."""
        return np.diff(self._starts, append=len(self._order))

    def add(self, values: FloatArray) -> FloatArray:
        """Sum in each group."""
        return np.add.reduceat(values[self._order], self._starts)

    def count(self, values: IntArray) -> IntArray:
        """Sum of whole numbers in each group."""
        return np.add.reduceat(values[self._order], self._starts)

    def min(self, values: FloatArray) -> FloatArray:
        """Minimum in each group; NaN if one of its values is."""
        return np.minimum.reduceat(values[self._order], self._starts)

    def max(self, values: FloatArray) -> FloatArray:
        """Maximum in each group; NaN if one of its values is."""
        return np.maximum.reduceat(values[self._order], self._starts)

    def known_min(self, values: FloatArray) -> FloatArray:
        """Minimum in each group of the values that are not NaN; NaN if all are."""
        return np.fmin.reduceat(values[self._order], self._starts)

    def spread(self, per_group: FloatArray) -> FloatArray:
        """At each position, the value of its group."""
        spread = np.empty(len(self._order))
        spread[self._order] = np.repeat(per_group, self.sizes)
        return spread


def divide(numerator: FloatArray, denominator: FloatArray | IntArray) -> FloatArray:
    """Quotients; NaN where the denominator is 0."""
    quotients = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=quotients, where=denominator != 0)
    return quotients
