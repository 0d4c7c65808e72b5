"""Expected calibration error: how far stated probabilities are from the shares of correct answers.

Kumar, Liang and Ma, Verified Uncertainty Calibration (NeurIPS 2019), with the bins of the paper's own package,
`uncertainty-calibration`: `get_equal_bins`, `bin` and `plugin_ce` with power 1.
"""

from itertools import pairwise

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray, IntArray


def bin_numbers(probabilities: FloatArray, n_bins: int) -> IntArray:
    """Return the bin of each probability; the bins hold about equally many of them.

    The sorted probabilities are cut into `n_bins` parts. A bin ends in the middle between the last probability of a
    part and the first of the next, and includes its end; the last bin ends at 1. Ends that coincide are one end, so
    that equal probabilities share a bin.

    Args:
        probabilities: At least one number from 0 to 1.
        n_bins: Number of bins; with fewer probabilities, each has a bin.
    """
    parts = np.array_split(np.sort(probabilities), min(n_bins, len(probabilities)))
    ends = [(part[-1] + following[0]) / 2 for part, following in pairwise(parts)]
    return np.searchsorted(np.unique([*ends, 1.0]), probabilities)


def calibration_error(probabilities: FloatArray, is_correct: BoolArray, n_bins: int) -> float:
    """Return the expected calibration error Σ n_b / n · |mean probability - share correct|, over bins of n_b answers.

    Args:
        probabilities: For each answer the stated probability that it is correct, from 0 to 1.
        is_correct: For each answer whether it is correct.
        n_bins: Number of bins over all answers, of which there is at least one.
    """
    bins = bin_numbers(probabilities, n_bins)
    chosen = [bins == number for number in np.unique(bins)]
    differences = [np.mean(probabilities[rows]) - np.mean(is_correct[rows]) for rows in chosen]
    weights = np.array([np.count_nonzero(rows) for rows in chosen]) / len(bins)
    # `cumsum` adds plainly, as the package does; `sum` and `dot` would differ in the last bits.
    return float(np.cumsum(weights * np.abs(differences))[-1])
