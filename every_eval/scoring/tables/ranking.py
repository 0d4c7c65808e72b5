"""Places of scores among the runs of their variant, over more rows than are in memory."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.distinct import distinct
from every_eval.scoring.tables.comprehensive import Shown, directions, score_of
from every_eval.statistics.grouped_ranks import RankArray, ranks_within
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray

SCENARIO: Final = ("dataset_name", "task", "variant")
STATISTIC: Final = ("metric_name", "split", "sub_split", "perturbation", "computed_on")
"""Columns that runs share whose scores are compared: these and those of the scenario."""


class Ranking:
    """Takes rows piece by piece, and keeps of each two numbers and its group."""

    def __init__(self, shown: Shown) -> None:
        """No row yet."""
        self._shown = shown
        self._known: tuple[dict[object, int], dict[object, int]] = ({}, {})
        self._groups: list[IntArray] = []
        self._upward: list[FloatArray] = []

    def add(self, state: pa.Table) -> None:
        """Take rows of the contract `state`."""
        scenario, statistic = (
            _number(state, names, known) for names, known in zip((SCENARIO, STATISTIC), self._known, strict=True)
        )
        self._groups.append(scenario << 32 | statistic)
        lower, score = directions(state, self._shown), score_of(state)
        upward = pc.if_else(lower, pc.negate(score), score)  # null where either is
        self._upward.append(upward.to_numpy())

    def places(self) -> "Places":
        """The places of all rows that were taken, in their order; they are forgotten here."""
        groups = np.concatenate([np.zeros(0, np.int64), *self._groups])
        self._groups.clear()
        upward = np.concatenate([np.zeros(0), *self._upward])
        self._upward.clear()
        return Places(*ranks_within(groups, upward), np.isnan(upward))


class Places:
    """Places of rows by their positions."""

    def __init__(self, rank: RankArray, n_ranked: RankArray, is_missing: BoolArray) -> None:
        """One a row."""
        self._rank, self._n_ranked, self._is_missing = rank, n_ranked, is_missing

    def at(self, positions: IntArray) -> pa.Table:
        """Columns `rank` and `n_ranked` of some rows; null where a row has no place."""
        mask = self._is_missing[positions]
        columns = {"rank": self._rank, "n_ranked": self._n_ranked}
        return pa.table({name: pa.array(values[positions], mask=mask) for name, values in columns.items()})


def _number(state: pa.Table, names: tuple[str, ...], known: dict[object, int]) -> IntArray:
    """A number for each row's values of some columns; `known` is added to."""
    position, found = distinct(state, names)
    return np.array([known.setdefault(values, len(known)) for values in found], np.int64)[position]
