"""Confidence intervals of expected calibration errors."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from every_eval.statistics.calibration import bin_numbers
from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.quantiles import LEVEL

DIGITS: Final = 9
"""Decimal digits to which ends are rounded, as libraries of mathematics differ in the last bits."""


@dataclass(frozen=True)
class CalibrationInterval:
    """An expected calibration error with its 95 % confidence interval, from 0 to 1."""

    error: float
    low: float
    high: float


def calibration_interval(probabilities: FloatArray, scores: FloatArray, n_bins: int) -> CalibrationInterval:
    """Return the expected calibration error Σ w |δ| over bins, and its interval.

    δ is a bin's mean of probability - score over the answers, and w the bin's share of the answers. Each δ̂ - δ is about
    normal with a standard error s, and by the reverse triangle inequality |Σ w |δ̂| - Σ w |δ|| ≤ D = Σ w |δ̂ - δ|. So the
    error ± the 95th percentile of D covers the true error at least as often as D is below its percentile: about 95 %
    of times where the model is calibrated and bins are large, more often otherwise. D is a sum of half-normal
    variables, and its percentile is that of the gamma distribution with the same mean √(2/π) Σ w s and variance
    (1 - 2/π) Σ w² s².

    Replicates would give no such interval: the error of a resample is biased upwards once more.

    Args:
        probabilities: For each answer the stated probability that it is correct, from 0 to 1; at least one answer.
        scores: For each answer 1 if it is correct, 0 if not, or the mean of that over its trials.
        n_bins: Number of bins, as in `bin_numbers`.
    """
    _, bins = np.unique(bin_numbers(probabilities, n_bins), return_inverse=True)  # Empty bins are left out.
    difference = probabilities - scores
    n: IntArray = np.bincount(bins)
    mean: FloatArray = np.bincount(bins, difference) / n
    squares = np.bincount(bins, (difference - mean[bins]) ** 2).astype(np.float64)
    weight = n / len(bins)
    error = float(np.cumsum(weight * np.abs(mean))[-1])
    margin = _percentile(weight * _standard_errors(mean, squares, n))
    return CalibrationInterval(error, round(max(error - margin, 0.0), DIGITS), round(min(error + margin, 1.0), DIGITS))


def _standard_errors(mean: FloatArray, squares: FloatArray, n: IntArray) -> FloatArray:
    """Return the standard error of each bin's mean difference, which is not 0 where all differences are equal.

    On the scale p = (difference + 1) / 2 from 0 to 1, the variance of the n values is shrunk towards that of a
    proportion: ((n - 1) s² + p̃ (1 - p̃)) / n with p̃ = (n p + 2) / (n + 4), after Agresti and Coull, The American
    Statistician 52 (1998), 119.
    """
    p = (n * (mean + 1) / 2 + 2) / (n + 4)
    variance = (squares / 4 + p * (1 - p)) / n
    errors: FloatArray = 2 * np.sqrt(variance / n)
    return errors


def _percentile(errors: FloatArray) -> float:
    """Return the 95th percentile of the sum of the absolute values of normal variables with these errors."""
    mean = math.sqrt(2 / math.pi) * float(np.sum(errors))
    variance = (1 - 2 / math.pi) * float(np.sum(errors**2))
    return float(scipy.special.gammaincinv(mean**2 / variance, LEVEL)) * variance / mean
