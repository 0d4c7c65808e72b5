"""Bootstrap replicates of statistics, read from the tables that hold their sums."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.stats import N_REPLICATES
from every_eval.statistics.bootstrap import DRAWN, estimates
from every_eval.statistics.groups import FloatArray


def resampled(stats: pa.Table) -> FloatArray:
    """Each row's statistic in each replicate, of shape (rows, replicates), from columns of the contract `stats`.

    NaN for fewer than two instances, however often they are drawn: nobody can say how far others would differ.
    """
    of_rows = np.full((stats.num_rows, N_REPLICATES), np.nan)
    for start in range(0, stats.num_rows, DRAWN):
        rows = stats.slice(start, DRAWN)
        is_sample = pc.fill_null(pc.greater(rows["n_scored"], 1), False).to_numpy()
        replicates = estimates(*(unpack(rows[name]) for name in ("boot_weight", "boot_sum")))
        of_rows[start : start + DRAWN][is_sample] = replicates[is_sample]
    return of_rows


def unpack(replicates: pa.ChunkedArray) -> FloatArray:
    """A column of lists as an array of shape (rows, replicates); NaN where it is null."""
    unpacked = np.full((len(replicates), N_REPLICATES), np.nan)
    is_valid = replicates.is_valid().to_numpy()
    unpacked[is_valid] = replicates.combine_chunks().flatten().to_numpy().reshape(-1, N_REPLICATES)
    return unpacked
