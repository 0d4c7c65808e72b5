"""Grouped sums and extremes over arrays."""

from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
MAX_SPARSITY: Final = 4
"""Keys there may be for each that there is, where a look at all of them is worth its time."""
Number = TypeVar("Number", np.int64, np.float64)


class Groups:
    """Positions with equal keys, brought together; every result is in ascending order of the keys."""

    def __init__(self, keys: IntArray) -> None:
        """Group the positions of `keys`, which costs little where they are in order."""
        self.order = _order(keys)
        """Positions by their keys; null where that is their own order."""
        ordered = keys if self.order is None else keys[self.order]
        self._starts = np.flatnonzero(np.r_[np.ones(min(len(keys), 1), np.bool_), ordered[1:] != ordered[:-1]])
        self.keys: IntArray = ordered if len(self._starts) == len(keys) else ordered[self._starts]
        self.sizes: IntArray = np.diff(self._starts, append=len(keys))
        """Number of positions in each group."""

    def add(self, values: FloatArray) -> FloatArray:
        """Sum in each group."""
        return self._reduce(np.add, values)

    def count(self, values: IntArray) -> IntArray:
        """Sum of whole numbers in each group."""
        return self._reduce(np.add, values)

    def min(self, values: FloatArray) -> FloatArray:
        """Minimum in each group; NaN if one of its values is."""
        return self._reduce(np.minimum, values)

    def max(self, values: FloatArray) -> FloatArray:
        """Maximum in each group; NaN if one of its values is."""
        return self._reduce(np.maximum, values)

    def known_min(self, values: FloatArray) -> FloatArray:
        """Minimum in each group of the values that are not NaN; NaN if all are."""
        return self._reduce(np.fmin, values)

    def spread(self, per_group: FloatArray) -> FloatArray:
        """At each position, the value of its group."""
        ordered = np.repeat(per_group, self.sizes)
        if self.order is None:
            return ordered
        spread = np.empty_like(ordered)
        spread[self.order] = ordered
        return spread

    def _reduce(self, function: np.ufunc, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        ordered = values if self.order is None else values[self.order]
        if len(self.keys) == len(ordered):  # each group is one position
            return ordered
        reduced: npt.NDArray[Number] = function.reduceat(ordered, self._starts)
        return reduced


def _order(keys: IntArray) -> IntArray | None:
    """Positions by their keys, those of equal keys as they stand; null where that is the order that they are in."""
    if (keys[1:] >= keys[:-1]).all():
        return None
    lowest = keys.min()
    n_keys = int(keys.max() - lowest) + 1
    if n_keys <= MAX_SPARSITY * len(keys):  # each may have a place of its own, which spares sorting
        places = np.full(n_keys, -1, np.int64)
        places[keys - lowest] = np.arange(len(keys))
        order: IntArray = places[places >= 0]
        if len(order) == len(keys):
            return order
    return np.argsort(keys, kind="stable")


def divide(numerator: FloatArray, denominator: FloatArray | IntArray) -> FloatArray:
    """Quotients; NaN where the denominator is 0."""
    quotients = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=quotients, where=denominator != 0)
    return quotients
