"""Find the tasks behind the score of a group, so that groups can be compared document by document."""

import math
import operator
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles

_COLUMNS: Final = (
    *StatisticKey._fields,
    *("dataset_name", "groups", "adapter_method", "model_name", "model_deployment", "mean", "n_scored"),
)
CLOSENESS: Final = 1e-9
"""Relative difference of the group's score and the mean of its tasks' scores, up to which the tasks are its tasks."""

Row = Mapping[str, Any]


def group_members(stats: StatisticsFiles) -> dict[StatisticKey, Sequence[PooledStatistic]]:
    """Return for the main statistic of each group the main statistics of its tasks in the same evaluation.

    A group has no documents of its own. Its score is the mean of its tasks' scores, weighted by size or not. A group
    whose score is neither, because a task reports another main metric or is not scored, is left out.
    """
    rows = stats.read([*_COLUMNS, "is_main_metric"], lambda piece: piece["is_main_metric"]).to_pylist()
    scored = [row for row in rows if row["mean"] is not None]
    members: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in scored:
        for group in row["groups"] if row["adapter_method"] is not None else ():
            members[_place(row, group)].append(row)
    of_groups = (row for row in scored if row["adapter_method"] is None)
    found = ((_key(row), list(_pooled(row, members[_place(row, row["dataset_name"])]))) for row in of_groups)
    return {key: pooled for key, pooled in found if pooled}


def _place(row: Row, group: str) -> tuple[Any, ...]:
    """Return what the statistics of a group and of its tasks have in common."""
    return (*(row[name] for name in ("suite", "model_name", "model_deployment", "metric_name")), group)


def _pooled(group: Row, tasks: Sequence[Row]) -> Iterator[PooledStatistic]:
    """Yield the tasks with the weights that give the group's score; none if no weights do."""
    sizes = [float(task["n_scored"]) for task in tasks]
    means = [task["mean"] for task in tasks]
    for weights in (sizes, [1.0] * len(tasks)):
        total = math.fsum(weights)
        score = math.fsum(map(operator.mul, weights, means)) / total if total else math.nan
        if math.isclose(score, group["mean"], rel_tol=CLOSENESS, abs_tol=CLOSENESS):
            yield from map(PooledStatistic, map(_key, tasks), weights, means)
            return


def _key(row: Row) -> StatisticKey:
    return StatisticKey(*(row[name] for name in StatisticKey._fields))
