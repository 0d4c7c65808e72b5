"""Item analysis: how hard each question is, and how well it tells strong models from weak ones."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from every_eval.statistics.groups import BoolArray, FloatArray, IntArray, divide
from every_eval.statistics.quantiles import Z

MIN_MODELS: Final = 3
"""Number of models from which on a correlation over models is computed."""
BLOCK: Final = 1 << 20
"""Number of values whose deviations and correlations are in memory at once."""
TOLERANCE: Final = 1e-9
"""Range of values up to which they count as equal, so that rounding errors are not correlated."""


@dataclass(frozen=True)
class ItemAnalysis:
    """One element for each item."""

    n_models: IntArray
    """Number of models with a value."""
    mean: FloatArray
    """Mean value over the models; NaN without a model."""
    deficit: FloatArray
    """Mean over the models of: the model's mean over its items, less its value on the item. NaN without a model."""
    discrimination: FloatArray
    """Corrected item-rest correlation; NaN where it is undefined."""
    error: FloatArray
    """Standard error of the discrimination; NaN where that is undefined."""
    is_suspicious: BoolArray
    """Whether the discrimination is negative beyond what chance explains; false where it is undefined."""


def analyse_items(values: FloatArray) -> ItemAnalysis:
    """Analyse the items of one scenario.

    The discrimination is the correlation over models between the value on the item and the mean on all other items
    (Lord and Novick, Statistical Theories of Mental Test Scores, 1968, section 15.5; without the item itself, which
    would correlate with itself: Henrysson, Psychometrika 28, 1963). Models need not have answered the same items, so
    each value counts as its deviation from the item's mean. Its standard error is √((1 - r²) / (n - 2)).

    An item is suspicious where r < -1.96 / √(n - 1). If a value were unrelated to the other items, r would have the
    standard deviation 1 / √(n - 1) over all permutations of the models, whatever the values (Pitman, Supplement to the
    Journal of the Royal Statistical Society 4, 1937, 225): about one item in 40 falls so low by chance.

    Args:
        values: One row for each model and one column for each item; NaN where a model has no value.
    """
    n_items = max(BLOCK // max(len(values), 1), 1)
    blocks = [values[:, start : start + n_items] for start in range(0, max(values.shape[1], 1), n_items)]
    totals = _Totals(len(values))
    for block in blocks:
        totals.add(block)
    parts = [_analyse(block, totals) for block in blocks]
    columns = ([getattr(part, field.name) for part in parts] for field in fields(ItemAnalysis))
    return ItemAnalysis(*map(np.concatenate, columns))


class _Totals:
    """Sums over all items of each model."""

    def __init__(self, n_models: int) -> None:
        self.n_items = np.zeros(n_models, np.int64)
        self._values, self.deviations = np.zeros(n_models), np.zeros(n_models)

    def add(self, block: FloatArray) -> None:
        """Add the values of some items."""
        known, is_known, mean = _split(block)
        self.n_items += np.count_nonzero(is_known, axis=1)
        self._values += _sum_rows(known)
        self.deviations += _sum_rows(np.where(is_known, known - mean, 0.0))

    @property
    def means(self) -> FloatArray:
        """Mean value of each model."""
        return divide(self._values, self.n_items)


def _split(values: FloatArray) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Return the values with 0 in place of NaN, whether there is a value, and the mean of each item."""
    is_known = ~np.isnan(values)
    known = np.where(is_known, values, 0.0)
    return known, is_known, divide(known.sum(axis=0), np.count_nonzero(is_known, axis=0))


def _analyse(values: FloatArray, totals: _Totals) -> ItemAnalysis:
    """Analyse some of the items."""
    known, is_known, mean = _split(values)
    n_models = np.count_nonzero(is_known, axis=0)
    deficit = divide(np.where(is_known, totals.means[:, None] - known, 0.0).sum(axis=0), n_models)
    discrimination = _item_rest_correlation(np.where(is_known, known - mean, 0.0), is_known, totals)
    n = np.where(n_models >= MIN_MODELS, n_models, np.nan)
    error = np.sqrt(np.maximum(1 - discrimination**2, 0) / (n - 2))
    is_suspicious = discrimination < -Z / np.sqrt(n - 1)  # False where one side is NaN.
    return ItemAnalysis(n_models, mean, deficit, discrimination, error, is_suspicious)


def _item_rest_correlation(deviation: FloatArray, is_known: BoolArray, totals: _Totals) -> FloatArray:
    """Return the correlation of each item with the mean of all other items; NaN where one of both is constant."""
    n_others = np.where(is_known, totals.n_items[:, None] - 1, 0)
    rest = np.where(n_others > 0, (totals.deviations[:, None] - deviation) / np.maximum(n_others, 1), 0.0)
    is_used = is_known & (n_others > 0)
    n = np.count_nonzero(is_used, axis=0)
    item, rest = _centre(deviation, is_used, n), _centre(rest, is_used, n)
    spread = np.sqrt((item**2).sum(axis=0)) * np.sqrt((rest**2).sum(axis=0))
    is_defined = (n >= MIN_MODELS) & (_range(item) > TOLERANCE) & (_range(rest) > TOLERANCE)
    return np.clip(divide((item * rest).sum(axis=0), np.where(is_defined, spread, 0.0)), -1.0, 1.0)


def _sum_rows(values: FloatArray) -> FloatArray:
    """Return the sum of each row, added plainly; NumPy adds along rows in an order of its own."""
    total: FloatArray = np.ascontiguousarray(values.T).sum(axis=0)
    return total


def _centre(values: FloatArray, is_used: BoolArray, n: IntArray) -> FloatArray:
    used = np.where(is_used, values, 0.0)
    centred: FloatArray = np.where(is_used, used - used.sum(axis=0) / np.maximum(n, 1), 0.0)
    return centred


def _range(values: FloatArray) -> FloatArray:
    """Return the largest less the smallest value of each column."""
    spread: FloatArray = np.max(values, axis=0, initial=-np.inf) - np.min(values, axis=0, initial=np.inf)
    return spread
