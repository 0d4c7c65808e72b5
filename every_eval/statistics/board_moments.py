"""Differences of pairs of models over all strata of a board, and the variances of the differences."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from every_eval.statistics.groups import FloatArray
from every_eval.statistics.paired_moments import PairedMoments


class BoardMoments(NamedTuple):
    """Moments of pairs of models, model a minus model b: arrays with one element for each pair."""

    difference: FloatArray
    """Weighted mean of the differences; NaN without common items."""
    variance: FloatArray
    """Sampling variance of `difference`: Σ share² s² / n over the strata; NaN if a stratum has one common item."""
    total: FloatArray
    """Sum of the differences of items, unweighted."""
    squares: FloatArray
    """Sum of the squared differences of items, unweighted."""
    weighted_squares: FloatArray
    """Sum of the squares of the items' differences, each with its weight in `difference`."""
    correlation: FloatArray
    """Correlation of the sampling errors of the two models' means; NaN if one of them has no variance."""

    @classmethod
    def of(cls, strata: Sequence[PairedMoments], share: FloatArray) -> Self:
        """Add up the strata in their order.

        Args:
            strata: Moments of the pairs in each stratum.
            share: Share of each stratum in each difference, of shape (strata, pairs).
        """
        sums = np.zeros((8, share.shape[1]))
        for (n, total, squares, of_a, of_b, products), part in zip(strata, share, strict=True):
            weight = part / np.maximum(n, 1)
            spread = np.maximum(squares - total**2 / np.maximum(n, 1), 0.0)
            error = part**2 / np.where(n > 1, n * (n - 1), np.where(n > 0, np.nan, 1.0))
            sums += (
                weight * total,
                error * spread,
                total,
                squares,
                weight**2 * squares,
                error * products,
                error * of_a,
                error * of_b,
            )
        difference, variance, total, squares, weighted, covariance, of_a, of_b = sums
        has_items = share.any(axis=0)
        difference, variance = (np.where(has_items, part, np.nan) for part in (difference, variance))
        scale = np.sqrt(of_a * of_b)
        correlation = np.divide(covariance, scale, out=np.full(len(scale), np.nan), where=scale > 0)
        return cls(difference, variance, total, squares, weighted, np.clip(correlation, -1.0, 1.0))
