"""A bootstrap whose replicates are paired: all models are resampled with the same weights.

In every replicate each instance counts w times, where w has a Poisson distribution with mean 1. This is the bootstrap
without a fixed number of draws: Hanley and MacGibbon, Computer Methods and Programs in Biomedicine 83, 2006, 57-62.
The weights follow from a hash of what the instance is, so that the same instance has the same weights in every run and
on every platform. Replicates of two models on the same instances are therefore the same resample, and their difference
is the difference of the models.

A statistic's replicate is boot_sum / boot_weight: the sum of w x and the sum of w over instances. Both sums merge by
addition.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.quantiles import LEVEL

Weights = npt.NDArray[np.uint8]

_BYTES: Final = 4
_POISSON: Final = [
    round(2 ** (8 * _BYTES) * math.exp(-1) * sum(1 / math.factorial(k) for k in range(most + 1))) for most in range(12)
]
"""Distribution function of Poisson(1) in 32 bits: the numbers below entry k give a weight of at most k."""

BLOCK: Final = 4096
"""Number of instances, or statistics, whose weights are in memory at once."""


def draw_weights(instance_ids: Sequence[str], scenario: str, n_replicates: int) -> Weights:
    """Return the weight of each instance in each replicate, of shape (instances, replicates).

    `scenario` distinguishes instances of different scenarios that have the same id. Replicate r takes bytes 4r to
    4r + 3, little-endian, of SHAKE-128 over the scenario and the id.
    """
    prefix = hashlib.shake_128(scenario.encode())
    digests = []
    for instance_id in instance_ids:
        state = prefix.copy()
        state.update(instance_id.encode())
        digests.append(state.digest(_BYTES * n_replicates))
    draws = np.frombuffer(b"".join(digests), "<u4").reshape(-1, n_replicates)
    weights = np.zeros(draws.shape, np.uint8)
    for most in _POISSON:
        weights += draws >= most
    return weights


def replicate(values: FloatArray, weights: Weights) -> tuple[FloatArray, FloatArray]:
    """Return boot_weight and boot_sum of instances' values, added in the order given."""
    # No matrix product: its order of addition, and so the last bits of a sum, differ between machines.
    return weights.sum(axis=0, dtype=np.float64), (weights * values[:, np.newaxis]).sum(axis=0)


def draw_and_replicate(
    instance_ids: Sequence[str], values: FloatArray, scenario: str, n_replicates: int
) -> tuple[FloatArray, FloatArray]:
    """Return what `replicate` gives with the weights of `draw_weights`, holding the weights of a block at a time."""
    boot_weight, boot_sum = replicate(values[:BLOCK], draw_weights(instance_ids[:BLOCK], scenario, n_replicates))
    for start in range(BLOCK, len(values), BLOCK):
        end = start + BLOCK
        weights = draw_weights(instance_ids[start:end], scenario, n_replicates)
        boot_weight += weights.sum(axis=0, dtype=np.float64)
        # The sum so far comes first, so that the order of addition is the same as without blocks.
        boot_sum = np.concatenate([boot_sum[np.newaxis], weights * values[start:end, np.newaxis]]).sum(axis=0)
    return boot_weight, boot_sum


def estimates(boot_weight: FloatArray, boot_sum: FloatArray) -> FloatArray:
    """Return the statistic in each replicate; NaN where the replicate drew no instance."""
    drawn = np.where(boot_weight > 0, boot_weight, np.nan)
    return boot_sum / drawn


def percentile_interval(replicates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the interval that holds 95 % of the replicates along the last axis; NaN is ignored.

    The ends of n replicates are the k-th smallest and the k-th largest with k = (n + 1) 2.5 %, rounded down: the 5th
    and the 196th of 200.
    """
    ordered = np.sort(replicates, axis=-1)  # NaN comes last.
    n = np.sum(~np.isnan(replicates), axis=-1, keepdims=True)
    k = np.maximum((n + 1) * (1 - LEVEL) / 2, 1).astype(np.int64)
    low = np.take_along_axis(ordered, k - 1, axis=-1)
    high = np.take_along_axis(ordered, np.maximum(n - k, 0), axis=-1)
    return low[..., 0], high[..., 0]


def excludes_zero(low: FloatArray, high: FloatArray) -> BoolArray:
    """Tell whether 0 lies outside the interval."""
    return (low > 0) | (high < 0)
