"""Ranks of scores among the runs of their variant, over more rows than fit in memory."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.scoring.tables.comprehensive_stats import score_of
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.distinct import distinct
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray
from every_eval.statistics.ranks import RankArray, ranks_within

SCENARIO_COLUMNS: Final = ("dataset_name", "task", "variant")
STATISTIC_COLUMNS: Final = ("metric_name", "split", "sub_split", "perturbation", "computed_on")
"""Scores are ranked among the rows that agree in these columns and in `SCENARIO_COLUMNS`."""


class RankCollector:
    """Collects rows piece by piece, and keeps two numbers of each row: its group and its score."""

    def __init__(self, release: ShownRelease) -> None:
        """Start without any row; `release` says which direction of a metric is better."""
        self._release = release
        self._known: tuple[dict[object, int], dict[object, int]] = ({}, {})
        self._groups: list[IntArray] = []
        self._upward: list[FloatArray] = []

    def add(self, state: pa.Table) -> None:
        """Add rows of the contract `state`."""
        columns = zip((SCENARIO_COLUMNS, STATISTIC_COLUMNS), self._known, strict=True)
        scenario, statistic = (_number(state, names, known) for names, known in columns)
        self._groups.append(scenario << 32 | statistic)
        lower, score = self._release.directions(state), score_of(state)
        upward = pc.if_else(lower, pc.negate(score), score)  # Null where the score or the direction is null.
        self._upward.append(upward.to_numpy())

    def ranks(self) -> "RowRanks":
        """Return the ranks of all rows in the order in which they were added, and forget the rows."""
        groups = np.concatenate([np.zeros(0, np.int64), *self._groups])
        self._groups.clear()
        upward = np.concatenate([np.zeros(0), *self._upward])
        self._upward.clear()
        return RowRanks(*ranks_within(groups, upward), np.isnan(upward))


class RowRanks:
    """Ranks of rows, by the position of the row."""

    def __init__(self, rank: RankArray, n_ranked: RankArray, is_missing: BoolArray) -> None:
        """Take one element for each row."""
        self._rank, self._n_ranked, self._is_missing = rank, n_ranked, is_missing

    def at(self, positions: IntArray) -> pa.Table:
        """Return the columns `rank` and `n_ranked` of some rows; null where a row has no rank."""
        mask = self._is_missing[positions]
        columns = {"rank": self._rank, "n_ranked": self._n_ranked}
        return pa.table({name: pa.array(values[positions], mask=mask) for name, values in columns.items()})


def _number(state: pa.Table, names: tuple[str, ...], known: dict[object, int]) -> IntArray:
    """Return a number for each row's values of some columns; new values are added to `known`."""
    position, found = distinct(state, names)
    return np.array([known.setdefault(values, len(known)) for values in found], np.int64)[position]
