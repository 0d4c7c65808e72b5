"""Mean win rate and mean score of rows over columns, as HELM defines them (`presentation/summarize.py`).

A column is one value a row, null where the row has none; `lower_is_better` says for each column which way is better,
and is null where neither is. Results are one value a row, null where no column counts.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from statistics import mean

Values = Sequence[float | None]
Directions = Sequence[bool | None]


def mean_win_rates(
    columns: Sequence[Values], lower_is_better: Directions, tolerance: float = 0.0
) -> list[float | None]:
    """The mean over columns of (rows beaten + rows tied / 2) / (rows - 1), by HELM's rule since 0.5.4.

    A column counts if it has a direction and at least two values. Values tie if they are equal or, with a `tolerance`,
    if they differ by no more than that share of the larger; ties start at the worst value, and each is held against the
    first of its tie.
    """
    return _mean_over_columns(columns, lower_is_better, lambda values, lower: _shared(values, lower, tolerance))


def mean_win_rates_by_row(columns: Sequence[Values], lower_is_better: Directions) -> list[float | None]:
    """The same by HELM's rule before 0.5.4: of equal values the later row wins, or the earlier if lower is better."""
    return _mean_over_columns(columns, lower_is_better, _by_row)


def mean_scores(columns: Sequence[Values], lower_is_better: Directions) -> list[float | None]:
    """The plain mean of each row's values, added from the left; null in every row if the columns' directions differ."""
    rows = list(zip(*columns, strict=True))
    if len(set(lower_is_better)) != 1:
        return [None] * len(rows)
    present = [[value for value in row if value is not None] for row in rows]
    # Plain additions from the left, as HELM adds: sum() compensates for rounding since Python 3.12.
    return [reduce(add, values, 0.0) / len(values) if values else None for values in present]


Wins = Callable[[Mapping[int, float], bool], Mapping[int, float]]
"""From the values by row and whether lower is better, to the rows that each row wins over."""


def _mean_over_columns(columns: Sequence[Values], lower_is_better: Directions, count: Wins) -> list[float | None]:
    rates: list[list[float]] = [[] for _ in (columns[0] if columns else ())]
    for column, lower in zip(columns, lower_is_better, strict=True):
        values = {row: value for row, value in enumerate(column) if value is not None}
        if lower is None or len(values) < 2:
            continue
        for row, wins in count(values, lower).items():
            rates[row].append(wins / (len(values) - 1))
    # The exact mean, rounded once: a sum of floats would differ in the last digit, and HELM's tables with it.
    return [mean(of_row) if of_row else None for of_row in rates]


def _shared(values: Mapping[int, float], lower: bool, tolerance: float) -> dict[int, float]:
    wins: dict[float, float] = {}
    n_beaten = 0
    for tied, n_tied in _ties(values, lower, tolerance):
        wins |= dict.fromkeys(tied, n_beaten + (n_tied - 1) / 2)
        n_beaten += n_tied
    return {row: wins[value] for row, value in values.items()}


def _ties(values: Mapping[int, float], lower: bool, tolerance: float) -> Iterator[tuple[list[float], int]]:
    """Values that tie and the number of rows that have them, the worst first."""
    counts = Counter(values.values())
    tied: list[float] = []
    for value in sorted(counts, reverse=lower):
        if tied and not math.isclose(tied[0], value, rel_tol=tolerance):
            yield tied, sum(counts[one] for one in tied)
            tied = []
        tied.append(value)
    yield tied, sum(counts[one] for one in tied)


def _by_row(values: Mapping[int, float], lower: bool) -> dict[int, float]:
    ordered = sorted(((value, row) for row, value in values.items()), reverse=lower)
    return {row: float(wins) for wins, (_, row) in enumerate(ordered)}
