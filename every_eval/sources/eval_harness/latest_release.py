"""Make the only release of a benchmark, `latest`, which shows the newest run of each name; lm-eval has no releases.

The name of a run contains the task, version, n-shot, limit and model, so that a repeated run replaces the earlier run
in the release. The earlier run stays in the data under its own suite. The column `schema_json` of the release holds
what the scores need from the results files.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from every_eval.sources.eval_harness.results import is_count
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.latest_release import MainTableColumn, ReleaseFacts, latest_release_row
from every_eval.sources.source import Run


@dataclass(frozen=True)
class TaskRun:
    """A run with its task."""

    run: Run
    task: Task
    order: tuple[float, str, str]
    """Sort key by time: start of the evaluation, time stamp of the results file, suite."""

    def of(self, task: Task) -> "TaskRun":
        """Return the same run under the name that `task` gives it."""
        return replace(self, task=task, run=replace(self.run, name=task.run_name, facts=task.facts))


def newest(runs: Iterable[TaskRun]) -> list[TaskRun]:
    """Return the newest run of each name, sorted by name."""
    found: dict[str, TaskRun] = {}
    for item in sorted(runs, key=lambda item: item.order):
        found[item.run.name] = item
    return [found[name] for name in sorted(found)]


def order_of(task: Task, stamp: str | None, suite: str) -> tuple[float, str, str]:
    """Return the sort key of an evaluation by time; an evaluation without a start comes first."""
    date = task.results.date
    return (-math.inf if date is None else date, stamp or "", suite)


def release_row(benchmark: str, runs: Sequence[TaskRun], shown: Sequence[TaskRun]) -> Mapping[str, Any]:
    """Return the row of the table `releases`."""
    by_time = (item.run for item in sorted(runs, key=lambda item: item.order))
    return latest_release_row(runs[0].run.source, benchmark, by_time, [item.run for item in shown], schema(shown))


def schema(shown: Sequence[TaskRun]) -> ReleaseFacts:
    """Return the statements on which the results files of the runs agree."""
    tasks = [item.task for item in shown]
    directions = [(key, lower) for task in tasks for key, lower in _directions(task) if lower is not None]
    sizes = [(task.model.name, _num_parameters(task)) for task in tasks]
    stated = [(name, size) for name, size in sizes if name is not None and size is not None]
    return ReleaseFacts(_agreed(directions), list(_main_table(tasks)), _agreed(stated))


def _directions(task: Task) -> Iterator[tuple[str, bool | None]]:
    """Return for each "{metric},{filter}" whether lower is better; null if the file states no direction."""
    for key in task.results.reported(task.name):
        higher = task.results.higher(task.name, key.partition(",")[0])
        yield key, None if higher is None else not higher


def _num_parameters(task: Task) -> int | None:
    stated = task.results.config.get("model_num_parameters")
    return stated if is_count(stated) and stated else None


def _agreed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the value of each name that has only one value."""
    values: dict[str, set[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    return {name: next(iter(found)) for name, found in sorted(values.items()) if len(found) == 1}


def _main_table(tasks: Sequence[Task]) -> Iterator[MainTableColumn]:
    """Return the main metrics of tasks and groups that were evaluated in full, without the tasks of reported groups."""
    grouped = {name for task in tasks if task.main_metric and task.is_group for name in _members(task)}
    full = [task for task in tasks if task.main_metric and not task.is_partial]
    columns: dict[tuple[str, str], list[bool | None]] = {}
    for task in full:
        if task.name not in grouped and task.main_metric:
            lower = dict(_directions(task)).get(task.main_metric)
            columns.setdefault((task.variant, task.main_metric), []).append(lower)
    for (variant, metric), stated in sorted(columns.items()):
        yield MainTableColumn(variant, metric, stated[0] if len(set(stated)) == 1 else None)


def _members(group: Task) -> Iterator[str]:
    """Return the tasks and groups within a group."""
    results = group.results
    return (name for name in results.results if group.name in results.groups_of(name))
