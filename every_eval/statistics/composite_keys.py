"""Keys of several columns as one number a row, so that rows are grouped, compared and sorted by a single array.

The numbers are positions in an array whose axes are the columns, in row-major order: the last column varies fastest.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from every_eval.statistics.groups import IntArray

MAX_KEYS: Final = int(np.iinfo(np.int64).max)


def compose(columns: Sequence[IntArray], sizes: Sequence[int]) -> IntArray:
    """Return one number for each row: equal where all columns are equal, and in the order of the columns.

    Where the possible combinations are too many for 64 bits, the columns so far are replaced by the ranks of their
    combinations. Such keys are still equal and ordered as the rows are, but `decompose` cannot read them.

    Args:
        columns: At least one, all of the same length, with values from 0.
        sizes: For each column a number that is larger than all of its values.
    """
    keys, n_keys = columns[0], sizes[0]
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        if n_keys * size > MAX_KEYS:
            ranked, keys = np.unique(keys, return_inverse=True)
            n_keys = len(ranked)
        keys, n_keys = keys * size + column, n_keys * size
    return keys


def decompose(keys: IntArray, sizes: Sequence[int]) -> tuple[IntArray, ...]:
    """Return the columns that `compose` made the keys from, with the same sizes.

    Raises:
        OverflowError: The possible combinations are too many for 64 bits.
    """
    n_rest = math.prod(sizes[1:])
    if sizes[0] * n_rest > MAX_KEYS:
        raise OverflowError(f"Keys of the sizes {tuple(sizes)} do not fit into 64 bits.")
    if n_rest > len(keys):
        return tuple(np.unravel_index(keys, sizes))
    # With few combinations after the first column, each of them is decomposed once instead of once for each row.
    first, rest = np.divmod(keys, n_rest)
    return first, *(column[rest] for column in np.unravel_index(np.arange(n_rest), sizes[1:]))
