"""The one release of a benchmark, which is ours: lm-eval has none. It shows the newest run of each name.

A run's name says task, version, n-shot, limit and model; so a re-run takes the place of the earlier one, which stays
in the data under its own suite. What the tables need of the results files goes with it, as `schema_json`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import Struct

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.eval_harness.results import is_count
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run

LATEST: Final = "latest"
"""Name of the release."""


class Column(Struct, frozen=True):
    """A column of the main table."""

    variant: str
    metric: str
    lower_is_better: bool | None


class Schema(Struct, frozen=True):
    """What the results files of a release's runs say together."""

    lower_is_better: dict[str, bool]
    """By "{metric},{filter}"; a metric of which they say nothing, or one this and one that, is absent."""
    main_table: list[Column]
    num_parameters: dict[str, int]
    """By the model's name; absent where a file says none, or two say different ones."""


@dataclass(frozen=True)
class TaskRun:
    """A run with the task that it is of."""

    run: Run
    task: Task
    order: tuple[float, str, str]
    """Orders runs in time: when the evaluation began, its time stamp, its suite."""


def newest(runs: Iterable[TaskRun]) -> list[TaskRun]:
    """The newest run of each name, by name."""
    found: dict[str, TaskRun] = {}
    for item in sorted(runs, key=lambda item: item.order):
        found[item.run.name] = item
    return [found[name] for name in sorted(found)]


def order_of(task: Task, stamp: str | None, suite: str) -> tuple[float, str, str]:
    """Where in time an evaluation stands; one that does not say when it began stands first."""
    date = task.results.date
    return (-math.inf if date is None else date, stamp or "", suite)


def release_row(benchmark: str, runs: Sequence[TaskRun], shown: Sequence[TaskRun]) -> Mapping[str, Any]:
    """The row of the contract `releases`."""
    suites = dict.fromkeys(item.run.suite for item in sorted(runs, key=lambda item: item.order))
    return {
        "source": runs[0].run.source,
        "benchmark": benchmark,
        "release": LATEST,
        "is_release": True,
        "is_newest": True,
        "suites": list(suites),
        "runs": [{"suite": item.run.suite, "run": item.run.name} for item in shown],
        "pooled_runs": [],
        "schema_json": canonical_json(msgspec.to_builtins(schema(shown))),
        "cells": [],
    }


def schema(shown: Sequence[TaskRun]) -> Schema:
    """What the results files of the runs shown say together."""
    tasks = [item.task for item in shown]
    directions = [(key, lower) for task in tasks for key, lower in _directions(task) if lower is not None]
    sizes = [(task.model.name, _num_parameters(task)) for task in tasks]
    stated = [(name, size) for name, size in sizes if name is not None and size is not None]
    return Schema(_agreed(directions), list(_main_table(tasks)), _agreed(stated))


def read_schema(release: Mapping[str, Any]) -> Schema:
    """The schema of a row of the contract `releases`."""
    return msgspec.json.decode(release["schema_json"], type=Schema)


def _directions(task: Task) -> Iterator[tuple[str, bool | None]]:
    """Whether lower is better, by "{metric},{filter}"."""
    for key in task.results.reported(task.name):
        higher = task.results.higher(task.name, key.partition(",")[0])
        yield key, None if higher is None else not higher


def _num_parameters(task: Task) -> int | None:
    stated = task.results.config.get("model_num_parameters")
    return stated if is_count(stated) and stated else None


def _agreed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by name, of names with one value only."""
    values: dict[str, set[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    return {name: next(iter(found)) for name, found in sorted(values.items()) if len(found) == 1}


def _main_table(tasks: Sequence[Task]) -> Iterator[Column]:
    """Main metrics of tasks and groups evaluated in full, but for tasks that count in a group already."""
    grouped = {name for task in tasks if task.main_metric and task.is_group for name in _members(task)}
    full = [task for task in tasks if task.main_metric and not task.results.is_partial(task.name)]
    columns: dict[tuple[str, str], list[bool | None]] = {}
    for task in full:
        if task.name not in grouped and task.main_metric:
            lower = dict(_directions(task)).get(task.main_metric)
            columns.setdefault((task.variant, task.main_metric), []).append(lower)
    for (variant, metric), stated in sorted(columns.items()):
        yield Column(variant, metric, stated[0] if len(set(stated)) == 1 else None)


def _members(group: Task) -> Iterator[str]:
    """The tasks and groups below a group."""
    results = group.results
    return (name for name in results.results if group.name in results.groups_of(name))
