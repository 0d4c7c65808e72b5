"""Standard errors and confidence intervals of the scores of a main table, each of which pools some statistics."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from every_eval.scoring.tables.score_intervals import COLUMNS, statistic_intervals
from every_eval.sources.distinct import to_list
from every_eval.sources.main_table import MainTable, Score
from every_eval.sources.statistic_key import StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.mover import mean_interval

_UNKNOWN: Final = (np.nan, np.nan, np.nan)
Ends = tuple[float, float, float]
"""Standard error, lower and upper end of an interval."""


class CellIntervals(NamedTuple):
    """Arrays of shape (columns, rows); NaN where there is no score, or its error is unknown."""

    standard_error: FloatArray
    low: FloatArray
    high: FloatArray


def cell_intervals(table: MainTable, stats: StatisticsFiles) -> CellIntervals:
    """Return the errors and intervals of the scores of a table.

    A score that pools one statistic has the interval of comprehensive_stats. Several statistics are combined as `mover`
    says, with their weights in the score.

    Args:
        table: The main table.
        stats: Statistics of the runs that the table is made of.
    """
    keys = {one.key for row in table.standings for score in row.scores for one in score.statistics}
    known = _statistic_ends(stats, keys)
    ends = [[_ends(score, known) for score in row.scores] for row in table.standings]
    shape = (len(table.standings), len(table.lower_is_better), 3)
    return CellIntervals(*np.moveaxis(np.array(ends, np.float64).reshape(shape), (0, 1, 2), (2, 1, 0)))


def _statistic_ends(stats: StatisticsFiles, keys: set[StatisticKey]) -> Mapping[StatisticKey, Ends]:
    names = {key.metric_name for key in keys}
    columns = list(dict.fromkeys((*StatisticKey._fields, *COLUMNS)))
    rows = stats.read(columns, lambda piece: pa.array([name in names for name in to_list(piece["metric_name"])]))
    found = statistic_intervals(rows)
    of_rows = zip(*(to_list(rows[name]) for name in StatisticKey._fields), strict=True)
    ends = zip(found.standard_error.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return {StatisticKey(*key): one for key, one in zip(of_rows, ends, strict=True) if StatisticKey(*key) in keys}


def _ends(score: Score, known: Mapping[StatisticKey, Ends]) -> Ends:
    """Return the error and the ends of a score's interval."""
    if score.value is None or not score.statistics:
        return _UNKNOWN
    means = np.array([one.mean for one in score.statistics])
    error, low, high = np.array([known.get(one.key, _UNKNOWN) for one in score.statistics]).T
    weights = np.array([one.weight for one in score.statistics])
    lowest, highest = mean_interval(means[:, np.newaxis], low[:, np.newaxis], high[:, np.newaxis], weights)
    shares = weights / weights.sum()
    return float(np.sqrt(np.sum((shares * error) ** 2))), float(lowest[0]), float(highest[0])


def mean_ends(scores: FloatArray, cells: CellIntervals) -> Sequence[FloatArray]:
    """Return the ends of the intervals of plain means over columns, of shape (rows); NaN where one is unknown."""
    return mean_interval(scores, cells.low, cells.high)
