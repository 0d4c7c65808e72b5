"""Mean win rates and mean scores of a table's rows, as HELM defines them (`presentation/summarize.py`).

A column is a sequence with one value for each row, null where the row has no value. `lower_is_better` holds one entry
for each column, null where neither direction is better. A result is one value for each row, null where no column
counts.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from statistics import mean

import numpy as np

from every_eval.statistics.groups import FloatArray
from every_eval.statistics.nulls import to_array
from every_eval.statistics.ties import count_ties

Values = Sequence[float | None]
Directions = Sequence[bool | None]
ColumnRates = Callable[[FloatArray, bool], FloatArray]
"""From a column's values, NaN where a row has none, and its direction, to the rows' win rates in the column."""


def mean_win_rates(
    columns: Sequence[Values], lower_is_better: Directions, tolerance: float = 0.0
) -> list[float | None]:
    """Return the mean over columns of (rows beaten + rows tied / 2) / (other rows), by HELM's rule since 0.5.4.

    A column counts if it has a direction and at least two values. Values tie as `ties` says; HELM itself has a
    tolerance of 0.
    """
    return _means(win_rates_by_column(columns, lower_is_better, tolerance))


def win_rates_by_column(columns: Sequence[Values], lower_is_better: Directions, tolerance: float = 0.0) -> FloatArray:
    """Return the win rate of each row in each column, of shape (columns, rows); their means are the mean win rates.

    NaN where a row has no value, or where the column does not count.
    """

    def rates(values: FloatArray, lower: bool) -> FloatArray:
        groups = np.zeros(len(values), np.int64)
        return count_ties(groups, -values if lower else values, tolerance).win_rates

    return _by_column(columns, lower_is_better, rates)


def mean_win_rates_by_row(columns: Sequence[Values], lower_is_better: Directions) -> list[float | None]:
    """Return mean win rates by HELM's rule before 0.5.4: equal values do not tie.

    Of equal values the later row wins; where lower is better, the earlier row wins.
    """
    return _means(_by_column(columns, lower_is_better, _rates_by_row))


def mean_scores(columns: Sequence[Values], lower_is_better: Directions) -> list[float | None]:
    """Return the plain mean of each row's values; null in every row if the columns' directions differ."""
    rows = list(zip(*columns, strict=True))
    if len(set(lower_is_better)) != 1:
        return [None] * len(rows)
    present = [[value for value in row if value is not None] for row in rows]
    # Plain additions from the left, as HELM adds: sum() compensates for rounding since Python 3.12.
    return [reduce(add, values, 0.0) / len(values) if values else None for values in present]


def _rates_by_row(values: FloatArray, lower: bool) -> FloatArray:
    rows = np.flatnonzero(~np.isnan(values))
    # The row decides between equal values; the worst value comes first.
    worst_first = rows[np.lexsort((-rows, -values[rows]) if lower else (rows, values[rows]))]
    rates = np.full(len(values), np.nan)
    rates[worst_first] = np.arange(len(rows)) / (len(rows) - 1)
    return rates


def _by_column(columns: Sequence[Values], lower_is_better: Directions, rates_of: ColumnRates) -> FloatArray:
    """Return the rates of each column that counts, of shape (columns, rows); NaN elsewhere."""
    rates = np.full((len(columns), len(columns[0]) if columns else 0), np.nan)
    for at, (column, lower) in enumerate(zip(columns, lower_is_better, strict=True)):
        values = to_array(column)
        if lower is not None and np.sum(~np.isnan(values)) > 1:
            rates[at] = rates_of(values, lower)
    return rates


def _means(rates: FloatArray) -> list[float | None]:
    """Return the mean of each row's rates; null for a row without any."""
    known = [of_row[~np.isnan(of_row)].tolist() for of_row in rates.T]
    # The exact mean, rounded once: a sum of floats would differ in the last digit, and HELM's tables with it.
    return [mean(of_row) if of_row else None for of_row in known]
