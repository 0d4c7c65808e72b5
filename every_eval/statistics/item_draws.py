"""Random draws that belong to an item: the same in every run, model, scenario and benchmark, and on every machine.

They follow from a hash of the item's number, so that comparisons of all models are paired by item.

Weights: each item counts w times in a replicate, where w has a Poisson distribution with mean 1. This is the bootstrap
without a fixed number of draws: Hanley and MacGibbon, Computer Methods and Programs in Biomedicine 83 (2006), 57-62.
Signs: each item has the sign plus or minus in a flip, with equal probability.
"""

import hashlib
import math
from typing import Final

import numpy as np
import numpy.typing as npt

from every_eval.statistics.groups import FloatArray, IntArray

N_REPLICATES: Final = 2000
"""Number of replicates. An end of a percentile interval of 95 % has a Monte-Carlo error of 0.060 standard deviations of
the replicates: √(0.025 x 0.975 / 2000) / φ(1.96)."""
Weights = npt.NDArray[np.uint8]
Signs = npt.NDArray[np.uint8]

_BYTES: Final = 2
_CUMULATIVE: Final = [
    round(2 ** (8 * _BYTES) * math.exp(-1) * sum(1 / math.factorial(k) for k in range(most + 1))) for most in range(9)
]
"""Distribution function of Poisson(1) in 16 bits: the numbers below entry k give a weight of at most k."""
_WEIGHT_OF: Final = np.searchsorted(np.array(_CUMULATIVE), np.arange(2 ** (8 * _BYTES)), side="right").astype(np.uint8)
"""Weight that each number of 16 bits gives."""


def draw_weights(items: IntArray, n_replicates: int = N_REPLICATES) -> Weights:
    """Return the weight of each item in each replicate, of shape (items, replicates).

    Replicate r takes bytes 2r and 2r + 1, little-endian, of SHAKE-128 over "weight" and the 8 bytes of the item's
    number, big-endian.
    """
    draws = np.frombuffer(_digests(b"weight", items, _BYTES * n_replicates), "<u2")
    weights: Weights = _WEIGHT_OF[draws.reshape(len(items), n_replicates)]
    return weights


def draw_sign_bits(items: IntArray, n_flips: int) -> Signs:
    """Return the signs of each item, a bit for each flip, of shape (items, bytes); `unpack_signs` reads them.

    Flip r takes bit r of SHAKE-128 over "sign" and the 8 bytes of the item's number, the first bit being the lowest of
    the first byte.
    """
    n_bytes = (n_flips + 7) // 8
    return np.frombuffer(_digests(b"sign", items, n_bytes), np.uint8).reshape(len(items), n_bytes)


def unpack_signs(bits: Signs, start: int, stop: int) -> FloatArray:
    """Return the signs of flips from `start`, a multiple of 8, to before `stop`: 1 for a bit that is set, else -1."""
    drawn = np.unpackbits(bits[:, start // 8 : (stop + 7) // 8], axis=1, count=stop - start, bitorder="little")
    return 2 * drawn.astype(np.float64) - 1


def _digests(purpose: bytes, items: IntArray, n_bytes: int) -> bytes:
    prefix = hashlib.shake_128(purpose)
    digests = []
    raw = items.astype(">i8").tobytes()
    for start in range(0, len(raw), 8):
        state = prefix.copy()
        state.update(raw[start : start + 8])
        digests.append(state.digest(n_bytes))
    return b"".join(digests)
