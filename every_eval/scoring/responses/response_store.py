"""Hold the item scores of a benchmark on disk, sorted by statistic, so that each statistic is read by itself.

A benchmark can have 50 million item scores. They are read once, in pieces; each piece is sorted by statistic and
appended to a file for each column. The memory that this takes is that of a piece and of the list of statistics.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.hub.work_folders import work_folder
from every_eval.scoring.responses.item_numbers import InstanceNumbers, Scenario, digest_numbers
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.sources.columns import float_column
from every_eval.sources.distinct import distinct
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import RunKey, StatisticsFiles
from every_eval.statistics.groups import FloatArray, IntArray

_NUMBERS: Final = ("value", "numerator", "denominator")
_READ: Final = (*StatisticKey._fields, "instance_id", "item", *_NUMBERS)


class Responses(NamedTuple):
    """Scores of one run on single items: arrays with one element for each row of `item_scores` that has a value."""

    item: IntArray
    """Number of the item; equal numbers are the same question, in any run, benchmark and source."""
    instance: IntArray
    """Number of (dataset, task, instance_id), which an instance keeps when it is perturbed."""
    value: FloatArray
    """Value of the metric, the mean over the trials; finite."""
    numerator: FloatArray
    """Numerator of a ratio; NaN for other metrics."""
    denominator: FloatArray
    """Denominator of a ratio; NaN for other metrics."""

    def averaged_by_item(self) -> "Responses":
        """Return one element for each item, sorted by item: the mean of an item that the run has several times."""
        order = np.argsort(self.item, kind="stable")
        ordered = Responses._make(column[order] for column in self)
        starts = np.flatnonzero(np.diff(ordered.item, prepend=ordered.item[:1] - 1))
        if len(starts) == len(ordered.item):
            return ordered
        sizes = np.diff(starts, append=len(ordered.item))
        means = (np.add.reduceat(column, starts) / sizes for column in ordered[2:])
        return Responses(ordered.item[starts], ordered.instance[starts], *means)


class _Segment(NamedTuple):
    """Rows that follow each other in the files."""

    start: int
    n_rows: int
    is_ratio: bool


@dataclass(frozen=True)
class ResponseStore:
    """The responses of every statistic of the chosen runs, in files in a folder."""

    folder: Path
    scenarios: Mapping[RunKey, Scenario]
    pooled: Mapping[StatisticKey, Sequence[PooledStatistic]] = field(default_factory=dict)
    """Statistics without items of their own, with the statistics that they pool."""
    _segments: dict[StatisticKey, list[_Segment]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def fill(
        cls,
        files: ItemScoresFiles,
        scenarios: Mapping[RunKey, Scenario],
        folder: Path,
        is_wanted: Callable[[StatisticKey], bool] = lambda _: True,
        pooled: Mapping[StatisticKey, Sequence[PooledStatistic]] | None = None,
    ) -> "ResponseStore":
        """Read the item scores once, and write the wanted ones into an empty folder.

        Args:
            files: Item scores of the runs.
            scenarios: Dataset and task of each run; runs without them are left out.
            folder: Where the store's files go; the caller deletes the folder when it is done.
            is_wanted: Chooses the statistics.
            pooled: Statistics without items of their own, with the statistics that they pool.
        """
        store, instances = cls(folder, scenarios, pooled or {}), InstanceNumbers()
        start = 0
        for piece in files.of(scenarios.keys()).pieces(_READ):
            start += store._add(piece, is_wanted, instances, start)
        return store

    @property
    def statistics(self) -> Set[StatisticKey]:
        """Keys of the statistics that have responses."""
        return self._segments.keys()

    def parts(self, statistic: PooledStatistic) -> Sequence[PooledStatistic]:
        """Return the statistics that a statistic pools, with their weights in it; itself if it pools no others."""
        parts = self.pooled.get(statistic.key)
        if parts is None:
            return [statistic]
        total = sum(part.weight for part in parts)
        return [part._replace(weight=statistic.weight * part.weight / total) for part in parts]

    def rows(self, key: StatisticKey) -> Responses:
        """Return the responses of a statistic, one for each of its rows; none if the statistic has no responses."""
        segments = self._segments.get(key, [])
        names = ("item", "instance", "value")
        columns = [self._read(name, segments) for name in names]
        n_rows = len(columns[0])
        is_ratio = any(segment.is_ratio for segment in segments)
        parts = [self._read(name, segments) if is_ratio else np.full(n_rows, np.nan) for name in _NUMBERS[1:]]
        item, instance = (column.view(np.int64) for column in columns[:2])
        return Responses(item, instance, columns[2], *parts)

    def responses(self, key: StatisticKey) -> Responses:
        """Return the responses of a statistic, one for each item, sorted by item."""
        return self.rows(key).averaged_by_item()

    def _add(
        self, piece: pa.Table, is_wanted: Callable[[StatisticKey], bool], instances: InstanceNumbers, start: int
    ) -> int:
        """Append the wanted rows of a piece to the files, and return their number."""
        position, keys = _statistics(piece)
        chosen = np.array([is_wanted(key) for key in keys], np.bool_)
        rows = np.flatnonzero(chosen[position] & np.isfinite(float_column(piece, "value")))
        rows = rows[np.argsort(position[rows], kind="stable")]
        columns = {name: float_column(piece, name)[rows] for name in _NUMBERS}
        scenarios = [self.scenarios[key.suite, key.run] for key in keys]
        instance = instances.of(scenarios, position, piece["instance_id"])
        item = digest_numbers(piece["item"]).fill_null(0).to_numpy()
        item = np.where(piece["item"].is_valid().to_numpy(), item, instance)
        self._append(columns | {"item": item[rows], "instance": instance[rows]})
        for number, first, n_rows in _runs_of_equal(position[rows]):
            is_ratio = bool(np.isfinite(columns["denominator"][first : first + n_rows]).any())
            self._segments[keys[number]].append(_Segment(start + first, n_rows, is_ratio))
        return len(rows)

    def _append(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
        for name, values in columns.items():
            with self._path(name).open("ab") as file:
                values.tofile(file)

    def _read(self, name: str, segments: list[_Segment]) -> FloatArray:
        """Return a column as 64-bit floats; those of items and instances are the bits of integers."""
        path = self._path(name)
        parts = [np.fromfile(path, np.float64, part.n_rows, offset=8 * part.start) for part in segments]
        return np.concatenate([np.zeros(0), *parts])

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.numbers"


@contextmanager
def opened_store(
    files: ItemScoresFiles,
    stats: StatisticsFiles,
    pooled: Mapping[StatisticKey, Sequence[PooledStatistic]] | None = None,
) -> Iterator[ResponseStore]:
    """Hold the responses of the runs that have statistics, in a temporary folder, while the body runs."""
    with work_folder() as folder:
        yield ResponseStore.fill(files, scenarios_of(stats), folder, pooled=pooled)


def scenarios_of(stats: StatisticsFiles) -> dict[RunKey, Scenario]:
    """Return the dataset and the task of each run."""
    found: dict[RunKey, Scenario] = {}
    for piece in stats.pieces(["suite", "run", "dataset_name", "task"]):
        found |= {
            (suite, run): (dataset, task)
            for suite, run, dataset, task in distinct(piece, ["suite", "run", "dataset_name", "task"])[1]
        }
    return found


def _statistics(piece: pa.Table) -> tuple[IntArray, list[StatisticKey]]:
    position, keys = distinct(piece, StatisticKey._fields)
    return position, [StatisticKey(*key) for key in keys]


def _runs_of_equal(numbers: IntArray) -> Iterator[tuple[int, int, int]]:
    """Yield each run of equal numbers: the number, where the run starts, and its length."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    sizes = np.diff(starts, append=len(numbers))
    yield from zip(numbers[starts].tolist(), starts.tolist(), sizes.tolist(), strict=True)
