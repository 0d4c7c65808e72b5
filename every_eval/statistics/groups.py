"""Sums, minima and maxima of the values that share a key."""

from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
MAX_SPARSITY: Final = 4
"""Number of possible keys for each value, up to which a table of all possible keys is faster than sorting."""
Number = TypeVar("Number", np.int64, np.float64)


class Groups:
    """Positions grouped by their keys; every result is in ascending order of the keys."""

    def __init__(self, keys: IntArray) -> None:
        """Group the positions of `keys`; keys that are sorted already cost little."""
        self.order = _order(keys)
        """Positions sorted by their keys; null where they are sorted already."""
        ordered = keys if self.order is None else keys[self.order]
        self._starts = np.flatnonzero(np.r_[np.ones(min(len(keys), 1), np.bool_), ordered[1:] != ordered[:-1]])
        self.keys: IntArray = ordered if len(self._starts) == len(keys) else ordered[self._starts]
        self.sizes: IntArray = np.diff(self._starts, append=len(keys))
        """Number of positions in each group."""

    def add(self, values: FloatArray) -> FloatArray:
        """Return the sum of each group, which adds one value after the other, in the order of their positions.

        NumPy's own sums of longer groups add in pairs, and differ in the last bits from sums of plain additions.
        """
        ordered = values if self.order is None else values[self.order]
        if len(self.keys) == len(ordered):  # Each group is one position.
            return ordered
        groups = np.repeat(np.arange(len(self.keys)), self.sizes)
        return np.bincount(groups, ordered, len(self.keys)).astype(np.float64, copy=False)

    def count(self, values: IntArray) -> IntArray:
        """Return the sum of each group, of whole numbers."""
        return self._reduce(np.add, values)

    def min(self, values: FloatArray) -> FloatArray:
        """Return the minimum of each group; NaN if one of its values is NaN."""
        return self._reduce(np.minimum, values)

    def max(self, values: FloatArray) -> FloatArray:
        """Return the maximum of each group; NaN if one of its values is NaN."""
        return self._reduce(np.maximum, values)

    def known_min(self, values: FloatArray) -> FloatArray:
        """Return the minimum of each group without its NaN values; NaN if all of them are NaN."""
        return self._reduce(np.fmin, values)

    def spread(self, per_group: FloatArray) -> FloatArray:
        """Return at each position the value of its group."""
        ordered = np.repeat(per_group, self.sizes)
        if self.order is None:
            return ordered
        spread = np.empty_like(ordered)
        spread[self.order] = ordered
        return spread

    def _reduce(self, function: np.ufunc, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        ordered = values if self.order is None else values[self.order]
        if len(self.keys) == len(ordered):  # Each group is one position.
            return ordered
        reduced: npt.NDArray[Number] = function.reduceat(ordered, self._starts)
        return reduced


def _order(keys: IntArray) -> IntArray | None:
    """Return the positions sorted by their keys, equal keys in the order given; null where the keys are sorted."""
    if (keys[1:] >= keys[:-1]).all():
        return None
    lowest = keys.min()
    n_keys = int(keys.max() - lowest) + 1
    if n_keys <= MAX_SPARSITY * len(keys):  # Give each possible key a place of its own, without sorting.
        places = np.full(n_keys, -1, np.int64)
        places[keys - lowest] = np.arange(len(keys))
        order: IntArray = places[places >= 0]
        if len(order) == len(keys):  # No key is there twice.
            return order
    return np.argsort(keys, kind="stable")


def divide(numerator: FloatArray, denominator: FloatArray | IntArray) -> FloatArray:
    """Return the quotients; NaN where the denominator is 0."""
    quotients = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=quotients, where=denominator != 0)
    return quotients
