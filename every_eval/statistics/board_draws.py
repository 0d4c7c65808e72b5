"""Random sign flips and bootstrap replicates of the differences of pairs of models over all strata of a board.

Strata are read one at a time, and again for each range of draws, so that memory grows neither with the number of strata
nor with that of draws.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from every_eval.statistics.bootstrap import percentile_interval
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray
from every_eval.statistics.item_draws import N_REPLICATES, Weights, draw_sign_bits, draw_weights, unpack_signs
from every_eval.statistics.paired_draws import DrawnSums
from every_eval.statistics.sign_flips import N_FLIPS, count_extreme, sign_flip_p
from every_eval.statistics.strata import PairShares, Stratum

RANGE_DRAWS: Final = 1024
"""Draws for which the strata are read once; a multiple of `BLOCK_DRAWS`."""
BLOCK_DRAWS: Final = 512
"""Draws whose sums are in memory at once; a multiple of 8."""
BLOCK_ITEMS: Final = 1 << 12
"""Items whose draws are in memory at once."""
TOLERANCE_STEPS: Final = 2
"""Steps of rounding, for each item, up to which two sums of differences are equal."""

Blocks = Iterator[FloatArray]
"""Draws of the items of a stratum, block by block."""


class BoardDraws:
    """Draws for some pairs of models, all of which have common items."""

    def __init__(
        self, strata: Iterable[Stratum], summaries: Sequence[Stratum], shares: PairShares, a: IntArray, b: IntArray
    ) -> None:
        """Take what is drawn for.

        Args:
            strata: Strata of a board. They are iterated over several times.
            summaries: The same strata without their values.
            shares: Shares of the pairs in the strata.
            a: Row of the first model of each pair.
            b: Row of the second model.
        """
        self._strata = strata
        self._rows, positions = np.unique(np.concatenate([a, b]), return_inverse=True)
        self._a, self._b = np.split(positions.reshape(-1), 2)
        self._n, self._share = shares
        self._used: BoolArray = np.any(shares.n, axis=1)
        self._summaries = [stratum for stratum, is_used in zip(summaries, self._used, strict=True) if is_used]

    def p_values(self, difference: FloatArray, weighted_squares: FloatArray) -> FloatArray:
        """Return the p-value of each pair by `N_FLIPS` random sign flips; an item has one sign in all columns.

        Args:
            difference: Observed difference of each pair.
            weighted_squares: Sum of the squared weighted differences of the items.
        """
        steps = np.array([stratum.units.step for stratum in self._summaries])
        tolerance = TOLERANCE_STEPS * (self._share[self._used] * steps[:, np.newaxis]).sum(axis=0)
        n_extreme = np.zeros(len(difference), np.int64)
        for start, stop in _blocks(N_FLIPS, RANGE_DRAWS):
            flipped = np.zeros((len(difference), stop - start))
            for number, stratum, sums in self._read():
                bits = [draw_sign_bits(items, stop)[:, start // 8 :].copy() for items in _item_blocks(stratum)]
                weight = self._share[number] * stratum.units.step / np.maximum(self._n[number], 1)
                for first, last in _blocks(stop - start, BLOCK_DRAWS):
                    signs = (unpack_signs(of_items, first, last) for of_items in bits)
                    flipped[:, first:last] += weight[:, np.newaxis] * self._differences(sums, signs)
            n_extreme += count_extreme(flipped.T, difference, tolerance)
        # The bound holds for independent signs; the squares of an item in two columns do not add up.
        squares = np.where(weighted_squares > 0, np.inf, 0.0) if self._repeat_items() else weighted_squares
        return sign_flip_p(n_extreme, N_FLIPS, difference, squares)

    def interval(self) -> tuple[FloatArray, FloatArray]:
        """Return the 95 % interval of each pair's difference, as percentiles of `N_REPLICATES` replicates."""
        replicates = np.zeros((len(self._a), N_REPLICATES))
        for start, stop in _blocks(N_REPLICATES, RANGE_DRAWS):
            for number, stratum, sums in self._read():
                weights = [draw_weights(items, stop)[:, start:].copy() for items in _item_blocks(stratum)]
                scale = (self._share[number] * stratum.units.step)[:, np.newaxis]
                for first, last in _blocks(stop - start, BLOCK_DRAWS):
                    draws = [of_items[:, first:last] for of_items in weights]
                    drawn = self._weights(sums, map(_to_floats, draws))
                    differences = self._differences(sums, map(_to_floats, draws))
                    # A replicate that draws none of a stratum's items is undefined, and left out.
                    np.divide(differences, drawn, out=differences, where=drawn > 0)
                    differences[(drawn == 0) & (self._n[number] > 0)[:, np.newaxis]] = np.nan
                    differences *= scale
                    replicates[:, start + first : start + last] += differences
        return percentile_interval(replicates)

    def _read(self) -> Iterator[tuple[int, Stratum, Sequence[DrawnSums]]]:
        """Yield each stratum in which some pair has common items: its number, the stratum, and its sums.

        There is one element of the sums for each block of items.
        """
        for number, (stratum, is_used) in enumerate(zip(self._strata, self._used, strict=True)):
            if is_used:
                ends = _blocks(len(stratum.items), BLOCK_ITEMS)
                yield number, stratum, [DrawnSums(stratum.units.numbers[self._rows, start:end]) for start, end in ends]

    def _differences(self, sums: Sequence[DrawnSums], draws: Blocks) -> FloatArray:
        """Return the sums of weight x (a - b) over the common items of each pair in each draw."""
        parts = zip(sums, draws, strict=True)
        return _total(of_items.differences(drawn, self._a, self._b) for of_items, drawn in parts)

    def _weights(self, sums: Sequence[DrawnSums], draws: Blocks) -> FloatArray:
        """Return the sums of the weights of the common items of each pair in each draw."""
        parts = zip(sums, draws, strict=True)
        return _total(of_items.weights(drawn, self._a, self._b) for of_items, drawn in parts)

    def _repeat_items(self) -> bool:
        """Tell whether an item is in several strata."""
        items = np.concatenate([stratum.items for stratum in self._summaries])
        return len(np.unique(items)) < len(items)


def _blocks(n: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n, size):
        yield start, min(start + size, n)


def _item_blocks(stratum: Stratum) -> Iterator[IntArray]:
    for start, stop in _blocks(len(stratum.items), BLOCK_ITEMS):
        yield stratum.items[start:stop]


def _to_floats(weights: Weights) -> FloatArray:
    return weights.astype(np.float64)


def _total(parts: Iterator[FloatArray]) -> FloatArray:
    """Return the sum of arrays of whole numbers, which is exact in any order."""
    total = next(parts)
    for part in parts:
        total += part
    return total
