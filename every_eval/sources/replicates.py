"""Compute bootstrap replicates of statistics from the weights and sums in the table `stats`."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.stats import N_REPLICATES
from every_eval.statistics.bootstrap import BLOCK, estimates
from every_eval.statistics.groups import FloatArray


def replicates_of(stats: pa.Table) -> FloatArray:
    """Return each row's statistic in each replicate, of shape (rows, replicates), from rows of the table `stats`.

    A statistic over fewer than two instances is NaN: one instance does not show how much instances differ.
    """
    of_rows = np.full((stats.num_rows, N_REPLICATES), np.nan)
    for start in range(0, stats.num_rows, BLOCK):
        rows = stats.slice(start, BLOCK)
        is_sample = pc.fill_null(pc.greater(rows["n_scored"], 1), False).to_numpy()
        replicates = estimates(*(unpack(rows[name]) for name in ("boot_weight", "boot_sum")))
        of_rows[start : start + BLOCK][is_sample] = replicates[is_sample]
    return of_rows


def unpack(lists: pa.ChunkedArray) -> FloatArray:
    """Return a column of lists as an array of shape (rows, replicates); a null list is NaN in all replicates."""
    unpacked = np.full((len(lists), N_REPLICATES), np.nan)
    is_valid = lists.is_valid().to_numpy()
    unpacked[is_valid] = lists.combine_chunks().flatten().to_numpy().reshape(-1, N_REPLICATES)
    return unpacked
