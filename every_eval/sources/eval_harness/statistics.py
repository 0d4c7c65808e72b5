"""The rows of `stats`: what the results file reports of a task or group, beside what its rows give."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import BOOTSTRAP, ERRORS, POOLED, RECOMPUTED, REPORTED, SAMPLE, STATISTIC_KEY, STATS
from every_eval.sources.columns import build
from every_eval.sources.comparison import differs
from every_eval.sources.eval_harness.aggregations import aggregated
from every_eval.sources.eval_harness.group_scores import GroupScore, Member
from every_eval.sources.eval_harness.results import as_float
from every_eval.sources.eval_harness.rows import Held
from every_eval.sources.eval_harness.scores import TaskScore
from every_eval.sources.eval_harness.specification import specification
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Reject, Run

UNAVAILABLE: Final = "N/A"
"""What lm-eval writes for a number that it does not compute."""

_MEASURED: Final = ("metric_name", *(column.name for column in (*REPORTED, *RECOMPUTED, *ERRORS, *BOOTSTRAP)))
_ERRORS: Final = tuple(column.name for column in ERRORS)
_NAMED: Final = ("source", "benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY))


@dataclass(frozen=True)
class Recomputed:
    """One metric, as rows give it."""

    columns: Mapping[str, Any]
    standard_error: float | None
    """Null too where it is not of the kind that lm-eval reports."""
    error_method: str | None
    unlike: float | None = None
    """What rows give where they do not give what is reported, and it is not known which is right."""


@dataclass(frozen=True)
class Statistics:
    """A run's rows of `stats`, with what could not be read and where the two sides disagree."""

    table: pa.Table
    rejects: Sequence[Reject]
    disagreements: Sequence[Mapping[str, Any]]


def task_statistics(task: Task, run: Run, held: Held | None, file: str) -> Statistics:
    """Of a task; `held` is what the rows of its samples file hold, null if it has none."""

    def recompute(metric_name: str, reported: float | None) -> Recomputed:
        how = aggregated(task.config, metric_name.partition(",")[0])
        method = how.aggregation.error_method if how.aggregation else None
        if held is None:
            return Recomputed({}, None, method)
        score = TaskScore.of(held.get(metric_name, ()), how.aggregation)
        if not how.is_stated and not _agree(score.mean, reported):
            return Recomputed(TaskScore(None, score.n_instances, ()).columns(), None, None)
        columns = score.columns()
        if metric_name == task.main_metric:
            columns |= score.replicates((run.benchmark, task.name, None))
        return Recomputed(columns, score.standard_error if method == SAMPLE else None, method)

    return _statistics(task, run, held or (), recompute, file)


TaskScores = Mapping[str, TaskScore]
"""What a task's rows give, by "{metric},{filter}"."""


def task_scores(task: Task, held: Held) -> TaskScores:
    """What the rows of a task give."""
    return {
        name: TaskScore.of(values, aggregated(task.config, name.partition(",")[0]).aggregation)
        for name, values in held.items()
    }


def group_statistics(task: Task, run: Run, scores: Mapping[str, TaskScores], file: str) -> Statistics:
    """Of a group; `scores` are those of each of its tasks that has a samples file."""

    def recompute(metric_name: str, reported: float | None) -> Recomputed:
        group = GroupScore(tuple(_members(task, metric_name, scores)))
        if not group.is_known:
            return Recomputed({}, None, POOLED)
        # Which of the two it is, the file does not say.
        mean = next((mean for mean in (group.weighted, group.plain) if _agree(mean, reported)), None)
        columns = group.columns(mean)
        if metric_name == task.main_metric:
            columns |= group.replicates(mean, run.benchmark)
        return Recomputed(columns, group.standard_error, POOLED, group.weighted if mean is None else None)

    return _statistics(task, run, (), recompute, file)


def _members(task: Task, metric_name: str, scores: Mapping[str, TaskScores]) -> Iterator[Member]:
    """The group's tasks that report the metric; one without rows has no mean."""
    for name in task.results.leaves(task.name):
        if metric_name in task.results.reported(name):
            score = scores.get(name, {}).get(metric_name, TaskScore(None, 0, ()))
            yield Member(name, task.results.size(name) or score.n_instances, score)


def _agree(ours: float | None, reported: float | None) -> bool:
    return ours is not None and math.isfinite(ours) and reported is not None and not _differ(ours, reported)


def _differ(ours: float, reported: float) -> bool:
    # A mean of values that cancel keeps fewer digits; those of lm-eval's metrics are of the order of 1.
    return bool(differs(np.array([ours]), np.array([reported]), np.array([1.0]))[0])


def _statistics(
    task: Task,
    run: Run,
    held: Iterable[str],
    recompute: Callable[[str, float | None], Recomputed],
    file: str,
) -> Statistics:
    """A row for each metric reported, in the file's order, then for each that only rows hold."""
    rejects: list[Reject] = []
    disagreements: list[Mapping[str, Any]] = []
    rows: list[Mapping[str, Any]] = []
    reported = task.results.reported(task.name)
    for index, name in enumerate(dict.fromkeys((*reported, *held))):
        place = f"$.results[{task.name!r}][{name!r}]"
        value, error = (_number(stated, rejects, file, place) for stated in reported.get(name, (None, None)))
        ours = recompute(name, value)
        stated = {"reported_index": index, "reported_count": task.results.size(task.name), "reported_mean": value}
        columns = {**ours.columns, **_standard_error(ours, error)}
        rows.append({"metric_name": name, **(stated if name in reported else {}), **columns})
        disagreements += _disagreements({**task.shared(run), "metric_name": name}, ours, value, error)
    measured = {name: [row.get(name) for row in rows] for name in _MEASURED}
    measured["is_main_metric"] = [row["metric_name"] == task.main_metric for row in rows]
    shared = {**task.shared(run), "run_spec": specification(task)}
    return Statistics(build(STATS, len(rows), measured, shared), rejects, disagreements)


def _standard_error(ours: Recomputed, reported: float | None) -> Mapping[str, Any]:
    method = None if reported is None and ours.standard_error is None else ours.error_method
    return dict(zip(_ERRORS, (ours.standard_error, reported, method), strict=True))


def _disagreements(
    shared: Mapping[str, Any], ours: Recomputed, value: float | None, error: float | None
) -> Iterator[Mapping[str, Any]]:
    key = {name: shared[name] for name in _NAMED}
    mean = ours.columns.get("mean")
    for name, number, stated in (
        ("mean", ours.unlike if mean is None else mean, value),
        ("standard_error", ours.standard_error, error),
    ):
        if number is not None and stated is not None and _differ(number, stated):
            yield {**key, "field": name, "ours": number, "reported": stated}


def _number(stated: Any, rejects: list[Reject], file: str, place: str) -> float | None:  # noqa: ANN401 - any JSON value
    """A number as the file states it; null, and a reject, for what is none or not finite."""
    if stated is None or stated == UNAVAILABLE:
        return None
    number = as_float(stated)
    if number is None:
        rejects.append(Reject(Reason.UNEXPECTED_SHAPE, f"not a number: {stated!r}", file, place))
        return None
    if math.isfinite(number):
        return number
    rejects.append(Reject(Reason.NOT_FINITE, str(stated), file, place))
    return None
