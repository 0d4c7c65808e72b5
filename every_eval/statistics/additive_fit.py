"""Scores of models that were measured in different columns, made comparable by an additive fit.

score = model + column, by least squares over all measured scores. A model's adjusted score is its effect plus the mean
effect of all columns: what its mean over all columns would be if each model were equally much better or worse in all of
them. If a model was measured in all columns, its adjusted score is its plain mean.

Only models that are connected by common columns can be compared: the fit is of the largest connected part. The formulas
are those of the analysis of a block design: Searle, Linear Models (1971), chapter 7. All sums are plain additions in a
fixed order, so that results are equal to the bit on every machine; a matrix product would choose its own order.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from every_eval.statistics.groups import BoolArray, FloatArray


@dataclass(frozen=True)
class AdditiveFit:
    """The additive fit of a table, which depends on its gaps alone; it is applied to any number of tables of scores."""

    is_measured: BoolArray
    """Whether there is a score, of shape (columns, models), in the largest connected part alone."""

    @classmethod
    def of(cls, is_measured: BoolArray) -> "AdditiveFit":
        """Return the fit of the connected part with most scores; of equal parts, of that with the first model."""
        n_columns, n_models = is_measured.shape
        columns, models = np.nonzero(is_measured)
        n_nodes = n_columns + n_models
        links = scipy.sparse.csr_array((np.ones(len(columns)), (columns, n_columns + models)), shape=(n_nodes, n_nodes))
        parts = scipy.sparse.csgraph.connected_components(links, directed=False)[1]
        part_of_score = parts[columns]
        if not len(part_of_score):
            return cls(is_measured)
        sizes = np.bincount(part_of_score)
        largest = next(part for part in parts[n_columns:] if part < len(sizes) and sizes[part] == sizes.max())
        return cls(is_measured & (parts[:n_columns] == largest)[:, np.newaxis])

    @cached_property
    def has_model(self) -> BoolArray:
        """Whether a model is in the part."""
        has_model: BoolArray = np.any(self.is_measured, axis=0)
        return has_model

    @cached_property
    def _has_column(self) -> BoolArray:
        has_column: BoolArray = np.any(self.is_measured, axis=1)
        return has_column

    @cached_property
    def n_columns(self) -> int:
        """Number of columns in the part."""
        return int(np.count_nonzero(self._has_column))

    @cached_property
    def freedom(self) -> int:
        """Degrees of freedom of the residuals: scores - models - columns + 1."""
        n_effects = int(np.count_nonzero(self.has_model)) + self.n_columns - 1
        return int(np.count_nonzero(self.is_measured)) - max(n_effects, 0)

    @cached_property
    def _shares(self) -> FloatArray:
        """1 / (columns of the model) where it has a score, else 0; of shape (columns, models)."""
        shares: FloatArray = self.is_measured / np.maximum(np.sum(self.is_measured, axis=0), 1)
        return shares

    @cached_property
    def _gaps(self) -> FloatArray:
        """Weights of columns' effects in each model's adjusted score, of shape (columns, models).

        1 / C - 1 / n in the n columns of the model, 1 / C in others; so they are 0 for a model with all columns.
        """
        return np.where(self._has_column, 1 / max(self.n_columns, 1), 0.0)[:, np.newaxis] - self._shares

    @cached_property
    def _inverse(self) -> FloatArray:
        """Generalized inverse of the equations for column effects; the first column of the part has the effect 0."""
        n = len(self.is_measured)
        equations = np.diag(np.sum(self.is_measured, axis=1, dtype=np.float64))
        for model in np.flatnonzero(self.has_model):
            equations -= self.is_measured[:, model, np.newaxis] * self._shares[:, model]
        free = np.flatnonzero(self._has_column)[1:]
        inverse = np.zeros((n, n))
        inverse[np.ix_(free, free)] = _invert(equations[np.ix_(free, free)])
        return inverse

    def adjust(self, scores: FloatArray) -> FloatArray:
        """Return the adjusted scores of models, of shape (models, ...); NaN for models outside the part.

        Args:
            scores: Of shape (columns, models, ...); what stands where `is_measured` is false means nothing.
        """
        means, effects = self._solve(scores)
        adjusted = means.copy()
        for gap, effect in zip(self._gaps, effects, strict=True):
            adjusted += _spread(gap, means.ndim) * effect
        adjusted[~self.has_model] = np.nan
        return adjusted

    def residual_mean_square(self, scores: FloatArray) -> FloatArray:
        """Return the residual mean square, of shape (...); NaN without degrees of freedom.

        Args:
            scores: Of shape (columns, models, ...).
        """
        means, effects = self._solve(scores)
        total = np.full(scores.shape[2:], 0.0 if self.freedom > 0 else np.nan)
        centres = means.copy()
        for shares, effect in zip(self._shares, effects, strict=True):
            centres -= _spread(shares, means.ndim) * effect
        for column, effect, is_there in zip(scores, effects, self.is_measured, strict=True):
            total += np.sum(np.square(column[is_there] - centres[is_there] - effect), axis=0)
        return total / self.freedom

    def _solve(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the means of models over their own columns, and the effects of columns."""
        means = np.zeros(scores.shape[1:])
        for column, shares, is_there in zip(scores, self._shares, self.is_measured, strict=True):
            means[is_there] += _spread(shares[is_there], means.ndim) * column[is_there]
        right = np.zeros((len(scores), *scores.shape[2:]))
        for at, (column, is_there) in enumerate(zip(scores, self.is_measured, strict=True)):
            right[at] = np.sum(column[is_there] - means[is_there], axis=0)
        effects = np.zeros_like(right)
        for row, total in zip(self._inverse, right, strict=True):
            effects += _spread(row, right.ndim) * total
        return means, effects

    def weights(self, column: int) -> FloatArray:
        """Return the weights of a column's scores in the adjusted scores: of model k's score in that of model i.

        Returns:
            Of shape (models, models); 0 where there is no score.
        """
        weights = self._through_columns[column][:, np.newaxis] - self._through_models
        weights[np.diag_indices_from(weights)] += 1 / self._n_own
        return np.where(self.is_measured[column], weights, 0.0)

    def projection(self, column: int) -> FloatArray:
        """Return the weights of a column's scores in the fitted scores of the same column.

        Returns:
            Of shape (models, models), symmetric; 0 where there is no score.
        """
        is_there = self.is_measured[column]
        deviations = -self._shares
        deviations[column] += 1.0
        weights = np.diag(1 / self._n_own)
        through = np.zeros_like(deviations)
        for row, deviation in zip(self._inverse, deviations, strict=True):
            through += row[:, np.newaxis] * deviation
        for row, deviation in zip(through, deviations, strict=True):
            weights += row[:, np.newaxis] * deviation
        return np.where(is_there[:, np.newaxis] & is_there, weights, 0.0)

    @cached_property
    def _n_own(self) -> FloatArray:
        """Number of columns of each model, at least 1."""
        n_own: FloatArray = np.maximum(np.sum(self.is_measured, axis=0, dtype=np.float64), 1)
        return n_own

    @cached_property
    def _through_columns(self) -> FloatArray:
        """Weights of columns' sums of residuals in the adjusted scores, of shape (columns, models)."""
        through = np.zeros_like(self._gaps)
        for row, gap in zip(self._inverse, self._gaps, strict=True):
            through += row[:, np.newaxis] * gap
        return through

    @cached_property
    def _through_models(self) -> FloatArray:
        """Mean of `_through_columns` of each model i over the columns of each model k, of shape (models, models)."""
        through = np.zeros((len(self.has_model), len(self.has_model)))
        for row, shares in zip(self._through_columns, self._shares, strict=True):
            through += row[:, np.newaxis] * shares
        return through

    @cached_property
    def interaction(self) -> FloatArray:
        """Covariances that gaps add to adjusted scores, in units of the variance σ² of the interaction.

        If each cell also has a part of its own, with variance σ², an adjusted score with the weights L differs from the
        model's mean over all C columns by σ² (Σ (L - 1 / C)² over its own cells + missing / C² + Σ L² over others').
        With n own cells this is 1 / n - 1 / C + g S g, where g weighs the effects of columns, and S is their covariance
        in units of σ². Two models i and j share g_i S g_j. The variance of their difference is V_ii + V_jj - 2 V_ij.

        Returns:
            Of shape (models, models); NaN outside the part.
        """
        covariances = np.diag(1 / self._n_own - 1 / max(self.n_columns, 1))
        for row, gap in zip(self._through_columns, self._gaps, strict=True):
            covariances += row[:, np.newaxis] * gap
        covariances[~self.has_model] = np.nan
        covariances[:, ~self.has_model] = np.nan
        return covariances


def _spread(values: FloatArray, ndim: int) -> FloatArray:
    """Return the values with further axes of length 1, so that NumPy repeats them for all replicates."""
    return values.reshape(-1, *[1] * (ndim - 1))


def _invert(matrix: FloatArray) -> FloatArray:
    """Invert a symmetric positive definite matrix by Gauss and Jordan's elimination."""
    left, inverse = matrix.copy(), np.eye(len(matrix))
    for at in range(len(matrix)):
        inverse[at] /= left[at, at]
        left[at] /= left[at, at]
        factors = left[:, at].copy()
        factors[at] = 0.0
        inverse -= factors[:, np.newaxis] * inverse[at]
        left -= factors[:, np.newaxis] * left[at]
    return inverse
