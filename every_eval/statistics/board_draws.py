"""Random sign flips and bootstrap replicates of the differences of pairs of models over all strata of a board."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from every_eval.statistics.bootstrap import percentile_interval
from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.item_draws import N_REPLICATES, draw_sign_bits, draw_weights, unpack_signs
from every_eval.statistics.paired_draws import DrawnSums
from every_eval.statistics.sign_flips import N_FLIPS, count_extreme, sign_flip_p
from every_eval.statistics.strata import PairShares, Stratum

BLOCK_DRAWS: Final = 512
"""Draws whose sums are in memory at once; a multiple of 8."""
TOLERANCE_STEPS: Final = 2
"""Steps of rounding, for each item, up to which two sums of differences are equal."""


class BoardDraws:
    """Draws for some pairs of models, all of which have common items."""

    def __init__(self, strata: Sequence[Stratum], shares: PairShares, a: IntArray, b: IntArray) -> None:
        """Take the strata of a board, the shares of the pairs, and the rows of each pair's models."""
        self._shares = shares
        rows, positions = np.unique(np.concatenate([a, b]), return_inverse=True)
        self._a, self._b = np.split(positions.reshape(-1), 2)
        self._strata = [stratum for stratum, n in zip(strata, shares.n, strict=True) if n.any()]
        used = shares.n.any(axis=1)
        self._n, self._share = shares.n[used], shares.share[used]
        self._sums = [DrawnSums(stratum.units.numbers[rows]) for stratum in self._strata]

    def p_values(self, difference: FloatArray, weighted_squares: FloatArray) -> FloatArray:
        """Return the p-value of each pair by `N_FLIPS` random sign flips; an item has one sign in all columns.

        Args:
            difference: Observed difference of each pair.
            weighted_squares: Sum of the squared weighted differences of the items.
        """
        steps = np.array([stratum.units.step for stratum in self._strata])
        tolerance = TOLERANCE_STEPS * (self._share * steps[:, np.newaxis]).sum(axis=0)
        bits = [draw_sign_bits(stratum.items, N_FLIPS) for stratum in self._strata]
        n_extreme = np.zeros(len(difference), np.int64)
        for start, stop in _blocks(N_FLIPS):
            flipped = np.zeros((len(difference), stop - start))
            for number, (sums, of_items) in enumerate(zip(self._sums, bits, strict=True)):
                weight = self._share[number] * steps[number] / np.maximum(self._n[number], 1)
                signs = unpack_signs(of_items, start, stop)
                flipped += weight[:, np.newaxis] * sums.differences(signs, self._a, self._b)
            n_extreme += count_extreme(flipped.T, difference, tolerance)
        # The bound holds for independent signs; the squares of an item in two columns do not add up.
        squares = np.where(weighted_squares > 0, np.inf, 0.0) if self._repeat_items() else weighted_squares
        return sign_flip_p(n_extreme, N_FLIPS, difference, squares)

    def interval(self) -> tuple[FloatArray, FloatArray]:
        """Return the 95 % interval of each pair's difference, as percentiles of `N_REPLICATES` replicates."""
        weights = [draw_weights(stratum.items) for stratum in self._strata]
        replicates = np.zeros((len(self._a), N_REPLICATES))
        for start, stop in _blocks(N_REPLICATES):
            for number, (sums, of_items) in enumerate(zip(self._sums, weights, strict=True)):
                draws = of_items[:, start:stop].astype(np.float64)
                drawn = sums.weights(draws, self._a, self._b)
                differences = sums.differences(draws, self._a, self._b)
                # A replicate that draws none of a stratum's items is undefined, and left out.
                np.divide(differences, drawn, out=differences, where=drawn > 0)
                differences[(drawn == 0) & (self._n[number] > 0)[:, np.newaxis]] = np.nan
                differences *= (self._share[number] * self._strata[number].units.step)[:, np.newaxis]
                replicates[:, start:stop] += differences
        return percentile_interval(replicates)

    def _repeat_items(self) -> bool:
        """Tell whether an item is in several strata."""
        items = np.concatenate([stratum.items for stratum in self._strata])
        return len(np.unique(items)) < len(items)


def _blocks(n_draws: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n_draws, BLOCK_DRAWS):
        yield start, min(start + BLOCK_DRAWS, n_draws)
