"""Look up how the data repo names the items of a run: by their digest and their instance_id."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from every_eval.contracts.scanning import scan_table
from every_eval.contracts.state import STATE_ITEM_SCORES
from every_eval.scoring.responses.item_numbers import InstanceNumbers, Scenario, digest_numbers
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.sources.distinct import distinct
from every_eval.sources.statistic_key import StatisticKey
from every_eval.sources.statistics_files import RUN_COLUMNS, RunKey
from every_eval.statistics.groups import IntArray

_READ: Final = (*StatisticKey._fields, "item", "instance_id")


class Names(NamedTuple):
    """Names of items, in the order in which they were asked for."""

    items: pa.Array
    """Digest of each question; null where it is unknown."""
    instance_ids: pa.Array


class InstanceNames:
    """Looks up the names of instances in the files of the state, which are read only when a name is asked for."""

    def __init__(self, files: ItemScoresFiles, scenarios: Mapping[RunKey, Scenario]) -> None:
        """Take the files, and the dataset and the task of each run."""
        self._files, self._scenarios = files, scenarios

    def of(self, statistic: StatisticKey, numbers: IntArray) -> Names:
        """Return the names of some items of a statistic. An item with several instances has the name of the first one.

        Args:
            statistic: Key of the statistic.
            numbers: Numbers of items that have a row.
        """
        rows = pa.concat_tables(list(self._rows(statistic))).unify_dictionaries()
        position = np.zeros(rows.num_rows, np.int64)
        scenario = self._scenarios[statistic.suite, statistic.run]
        instance = InstanceNumbers().of([scenario], position, rows["instance_id"])
        item = np.where(rows["item"].is_valid(), digest_numbers(rows["item"]).fill_null(0).to_numpy(), instance)
        known, first = np.unique(item, return_index=True)
        found = rows.take(pa.array(first[np.searchsorted(known, numbers)]))
        return Names(*(found[name].cast(pa.string()).combine_chunks() for name in ("item", "instance_id")))

    def _rows(self, statistic: StatisticKey) -> Iterator[pa.Table]:
        """Yield the rows of a statistic."""
        key = (statistic.suite, statistic.run)
        for file, (start, stop) in self._ranges[key].items():
            for piece in scan_table(STATE_ITEM_SCORES, file, _READ, start, stop):
                position, found = distinct(piece, StatisticKey._fields)
                is_wanted = np.array([one == statistic for one in found], np.bool_)
                yield piece.filter(pa.array(is_wanted[position])).select(["item", "instance_id"])

    @cached_property
    def _ranges(self) -> Mapping[RunKey, Mapping[Path, tuple[int, int]]]:
        """For each run and file, the position of the run's first row, and the position after its last row."""
        ranges: dict[RunKey, dict[Path, tuple[int, int]]] = {}
        for file in self._files.files:
            start = 0
            for piece in scan_table(STATE_ITEM_SCORES, file, RUN_COLUMNS):
                position, runs = distinct(piece, RUN_COLUMNS)
                _, first = np.unique(position, return_index=True)
                _, last = np.unique(position[::-1], return_index=True)
                for run, begin, end in zip(runs, first.tolist(), last.tolist(), strict=True):
                    known, _ = ranges.setdefault(run, {}).get(file, (start + begin, 0))
                    ranges[run][file] = (known, start + piece.num_rows - end)
                start += piece.num_rows
        return ranges
