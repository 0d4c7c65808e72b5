"""Adjusted scores of models with gaps, with the variances of the scores and of their differences.

The variance of an adjusted score has two parts. One is the choice of items: the weighted sum of the sampling variances
of the measured scores, where scores of a column are correlated because models answer the same items. The other is what
the gaps may hide: a model can be better or worse in a column than the additive fit expects. The variance σ² of this
interaction is what the residuals of the fit show beyond the choice of items.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import scipy

from every_eval.statistics.additive_fit import AdditiveFit
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.p_values import round_p
from every_eval.statistics.quantiles import Z


@dataclass(frozen=True)
class SamplingErrors:
    """Sampling variances of measured scores, and of their differences, by column."""

    variances: FloatArray
    """Of shape (columns, models); NaN where there is no score or its variance is unknown."""
    of_differences: FloatArray
    """Of shape (columns, models, models); NaN where two models have no items in common."""

    def covariances(self, column: int) -> FloatArray:
        """Return the covariances of the scores in a column, 0 where unknown."""
        known = np.nan_to_num(self.variances[column])
        shared = (known[:, np.newaxis] + known - self.of_differences[column]) / 2
        covariances = np.where(np.isnan(shared), 0.0, shared)
        np.fill_diagonal(covariances, known)
        return covariances


@dataclass(frozen=True)
class AdjustedScores:
    """Adjusted scores of the models of a table."""

    fit: AdditiveFit
    values: FloatArray
    """Adjusted score of each model; NaN for models that are not connected to the others."""
    covariances: FloatArray
    """Covariances of the adjusted scores, of shape (models, models); NaN where a variance is unknown."""
    interaction: float
    """Estimated variance σ² of the interaction of models and columns."""

    @classmethod
    def of(cls, scores: FloatArray, errors: SamplingErrors) -> Self:
        """Return the adjusted scores of a table.

        Args:
            scores: Of shape (columns, models); NaN where there is no score.
            errors: Sampling variances of the scores.
        """
        fit = AdditiveFit.of(~np.isnan(scores))
        sampled = _sampling_covariances(fit, errors)
        interaction = _interaction_variance(fit, scores, errors)
        return cls(fit, fit.adjust(scores), sampled + interaction * fit.interaction, interaction)

    @property
    def is_complete(self) -> BoolArray:
        """Whether a model has a score in each column of the fit, so that nothing is adjusted."""
        is_complete: BoolArray = self.fit.is_measured.sum(axis=0) == self.fit.n_columns
        return is_complete

    @cached_property
    def difference_variances(self) -> FloatArray:
        """Variances of the differences of two models' adjusted scores, of shape (models, models)."""
        variances = np.diag(self.covariances)
        return np.maximum(variances[:, np.newaxis] + variances - 2 * self.covariances, 0.0)

    def intervals(self) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the 95 % intervals: the adjusted score ± 1.96 standard errors."""
        half = Z * np.sqrt(np.diag(self.covariances))
        return self.values - half, self.values + half

    def p_values(self) -> FloatArray:
        """Return the p of no difference for each two models, 2 Φ(-|difference| / error); NaN where it is unknown."""
        difference = np.abs(self.values[:, np.newaxis] - self.values)
        error = np.sqrt(np.where(self.difference_variances > 0, self.difference_variances, np.nan))
        return round_p(2 * scipy.special.ndtr(-difference / error))


def _sampling_covariances(fit: AdditiveFit, errors: SamplingErrors) -> FloatArray:
    """Return the covariances of adjusted scores by the choice of items; NaN where one of their variances is unknown."""
    n_models = len(fit.has_model)
    covariances, is_unknown = np.zeros((n_models, n_models)), ~fit.has_model
    for column in range(len(fit.is_measured)):
        weights = fit.weights(column)
        covariances += _sandwich(weights, errors.covariances(column))
        is_unknown |= np.any((weights != 0) & np.isnan(errors.variances[column]), axis=1)
    covariances[is_unknown] = np.nan
    covariances[:, is_unknown] = np.nan
    return covariances


def _sandwich(weights: FloatArray, covariances: FloatArray) -> FloatArray:
    """Return W C Wᵀ by plain additions in a fixed order."""
    used = np.flatnonzero(np.any(weights != 0, axis=0))
    half, whole = np.zeros_like(weights), np.zeros_like(weights)
    for at in used:
        half += weights[:, at, np.newaxis] * covariances[at]
    for at in used:
        whole += half[:, at, np.newaxis] * weights[:, at]
    return whole


def _interaction_variance(fit: AdditiveFit, scores: FloatArray, errors: SamplingErrors) -> float:
    """Return max(0, residual mean square - its expectation if there were nothing but the choice of items).

    The expectation is the trace of (I - H) C over the degrees of freedom, where H projects scores on the fit and C are
    the covariances of the scores: what models share by answering the same items leaves no residual.
    """
    if fit.freedom < 1:
        return 0.0
    expected = 0.0
    for column, is_there in enumerate(fit.is_measured):
        covariances = np.where(is_there[:, np.newaxis] & is_there, errors.covariances(column), 0.0)
        expected += float(np.sum(np.diag(covariances)) - np.sum(fit.projection(column) * covariances))
    return max(0.0, float(fit.residual_mean_square(scores)) - expected / fit.freedom)
