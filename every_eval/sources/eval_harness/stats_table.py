"""Make the rows of the table `stats`: the numbers that lm-eval reports beside the numbers recomputed from rows."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import (
    COMBINED,
    ERRORS,
    POOLED,
    RECOMPUTED,
    REPORTED,
    SAMPLE,
    STATISTIC_KEY,
    STATS,
)
from every_eval.sources.arguments import redacted
from every_eval.sources.columns import build_table
from every_eval.sources.eval_harness.aggregations import aggregation_of
from every_eval.sources.eval_harness.completeness import TaskCompleteness
from every_eval.sources.eval_harness.group_score import GroupMember, GroupScore
from every_eval.sources.eval_harness.number_text import as_number
from every_eval.sources.eval_harness.sample_rows import ValuesByMetric
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.eval_harness.task_score import TaskScore
from every_eval.sources.source import Reject, Run
from every_eval.sources.tolerance import differs

UNAVAILABLE: Final = "N/A"
"""Text that lm-eval writes for a number that it does not compute."""
SINGLE: Final = 1e-5
"""Largest difference of two equal numbers if lm-eval added in single precision, as a share of the larger number."""
WHOLE: Final = TaskCompleteness()
"""Rows of which nothing is known to be missing."""
NOTHING_MISSING: Final[Mapping[str, TaskCompleteness]] = MappingProxyType({})

NO_CLUSTERS: Final[Mapping[int, str]] = MappingProxyType({})

_PER_METRIC: Final = (
    "metric_name",
    "unscored_reason",
    *(column.name for column in (*REPORTED, *RECOMPUTED, *ERRORS)),
)
_ERRORS: Final = tuple(column.name for column in ERRORS)
_STATISTIC: Final = ("source", "benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY))


@dataclass(frozen=True)
class Recomputed:
    """Numbers of one metric, recomputed from rows."""

    columns: Mapping[str, Any]
    """Values of the recomputed columns."""
    standard_error: float | None
    """Standard error by lm-eval's formula; null if lm-eval has none."""
    error_method: str | None
    """Method of lm-eval's standard error."""
    rejected_mean: float | None = None
    """Mean from rows that differs from the reported mean and is not published, because the formula is uncertain or
    rows are missing."""
    reason: str | None = None
    """Reason why the score is not recomputed although rows were read; null if nothing prevents the score."""


@dataclass(frozen=True)
class TaskStatistics:
    """Statistics of a run."""

    table: pa.Table
    """Rows of the table `stats`."""
    rejects: Sequence[Reject]
    """Reported numbers that could not be read."""
    disagreements: Sequence[Mapping[str, Any]]
    """Reported numbers that the rows do not give: the statistic's key, and `field`, `ours` and `reported`."""


def task_statistics(
    task: Task,
    run: Run,
    values: ValuesByMetric | None,
    file: str,
    completeness: TaskCompleteness = WHOLE,
    clusters: Mapping[int, str] = NO_CLUSTERS,
) -> TaskStatistics:
    """Return the statistics of a task. If rows are missing, nothing is computed of those that are left.

    Args:
        task: Task of the run.
        run: Run of the task.
        values: Values of the rows of the samples file; null if there is no samples file.
        file: Name of the results file.
        completeness: What is known of the rows.
        clusters: Cluster of each document by its number, of documents that name one.
    """

    def recompute(metric_name: str, reported: Reported) -> Recomputed:
        how = aggregation_of(task.config, metric_name.partition(",")[0])
        method = how.aggregation.error_method if how.aggregation else None
        if values is None:
            return Recomputed({}, None, method)
        score = TaskScore.of(values.get(metric_name), how.aggregation)
        reason = completeness.reason or score.reason
        if reason:
            # Both numbers are shown beside each other where the files contradict each other.
            mean = score.mean if completeness.is_contradicted and how.is_stated else None
            return Recomputed(score.unscored().columns(), None, method, mean, reason)
        if not how.is_stated and not reported.is_mean(score.mean):
            return Recomputed(score.unscored().columns(), None, None)
        columns = score.columns() | score.clusters(clusters)
        return Recomputed(columns, score.standard_error if method == SAMPLE else None, method)

    return _statistics(task, run, values or (), recompute, file, completeness)


TaskScores = Mapping[str, TaskScore]
"""Scores of a task by "{metric},{filter}"."""


def task_scores(task: Task, values: ValuesByMetric) -> TaskScores:
    """Return the scores of a task from the values of its rows."""
    return {
        name: TaskScore.of(of_metric, aggregation_of(task.config, name.partition(",")[0]).aggregation)
        for name, of_metric in values.items()
    }


def group_statistics(
    task: Task,
    run: Run,
    scores: Mapping[str, TaskScores],
    file: str,
    completeness: Mapping[str, TaskCompleteness] = NOTHING_MISSING,
) -> TaskStatistics:
    """Return the statistics of a group. If rows of a task are missing, nothing is computed of the rows that are left.

    Args:
        task: Group of the run.
        run: Run of the group.
        scores: Scores of each task of the group that has a samples file.
        file: Name of the results file.
        completeness: What is known of the rows of each task.
    """
    of_group = TaskCompleteness.of_group(completeness)

    def recompute(metric_name: str, reported: Reported) -> Recomputed:
        group = GroupScore(tuple(_members(task, metric_name, scores, completeness)), task.results.nested(task.name))
        reason = of_group.reason or group.reason
        if reason or not group.is_known:
            return Recomputed({}, None, POOLED, reason=reason)
        # The file does not say whether the group weights its tasks by size.
        mean = next((mean for mean in (group.weighted, group.plain) if reported.is_mean(mean)), None)
        columns = group.columns(mean)
        error, method = _group_error(group, reported)
        return Recomputed(columns, error, method, group.weighted if mean is None else None)

    return _statistics(task, run, (), recompute, file, of_group)


def _group_error(group: GroupScore, reported: "Reported") -> tuple[float | None, str]:
    """Return the standard error and its method: the one of lm-eval's two ways that gives the reported number."""
    combined, stated = group.combined_standard_error, reported.standard_error
    is_combined = combined is not None and not reported.differs(combined, stated)
    if is_combined and reported.differs(group.standard_error, stated):
        return combined, COMBINED
    return group.standard_error, POOLED


def _members(
    task: Task, metric_name: str, scores: Mapping[str, TaskScores], completeness: Mapping[str, TaskCompleteness]
) -> Iterator[GroupMember]:
    """Return the tasks of the group that report the metric; the score of a task without rows has no mean."""
    for name in task.results.leaves(task.name):
        if metric_name in task.results.reported(name):
            score = scores.get(name, {}).get(metric_name, TaskScore(None, 0))
            n_chosen = len(completeness.get(name, WHOLE).chosen)
            yield GroupMember(name, n_chosen or task.results.size(name) or score.n_instances, score)


@dataclass(frozen=True)
class Reported:
    """Numbers that lm-eval reports for a metric."""

    mean: float | None
    standard_error: float | None
    is_single: bool
    """True if the mean was computed in single precision: lm-eval writes such a number as text."""

    def is_mean(self, ours: float | None) -> bool:
        """Tell whether a mean of ours is the reported mean."""
        is_number = ours is not None and math.isfinite(ours) and self.mean is not None
        return is_number and not self.differs(ours, self.mean)

    def differs(self, ours: float | None, reported: float | None) -> bool:
        """Tell whether a number of ours and a reported number differ; a number that is missing does not differ."""
        if ours is None or reported is None or (self.is_single and math.isclose(ours, reported, rel_tol=SINGLE)):
            return False
        # A mean of values that cancel each other keeps fewer digits; values of lm-eval's metrics are about 1 in size.
        return bool(differs(np.array([ours]), np.array([reported]), np.array([1.0]))[0])


def _statistics(
    task: Task,
    run: Run,
    metric_names: Iterable[str],
    recompute: Callable[[str, Reported], Recomputed],
    file: str,
    completeness: TaskCompleteness,
) -> TaskStatistics:
    """Return a row for each reported metric, in the file's order, and then for each metric that only rows have."""
    rejects: list[Reject] = []
    disagreements: list[Mapping[str, Any]] = []
    rows: list[Mapping[str, Any]] = []
    reported = task.results.reported(task.name)
    of_run = {
        **task.shared(run),
        "variant": task.variant_of(completeness.choice),
        "is_complete": completeness.is_complete,
        "n_rejected": completeness.n_rejected,
    }
    for index, name in enumerate(dict.fromkeys((*reported, *metric_names))):
        place = f"$.results[{task.name!r}][{name!r}]"
        written = reported.get(name, (None, None))
        value, error = (_number(stated, rejects, file, place) for stated in written)
        numbers = Reported(value, error, isinstance(written[0], str))
        ours = recompute(name, numbers)
        stated = {"reported_index": index, "reported_count": task.results.size(task.name), "reported_mean": value}
        columns = {**ours.columns, **_standard_error(ours, error), "unscored_reason": ours.reason}
        rows.append({"metric_name": name, **(stated if name in reported else {}), **columns})
        disagreements += _disagreements({**of_run, "metric_name": name}, ours, numbers)
    per_metric = {name: [row.get(name) for row in rows] for name in _PER_METRIC}
    per_metric["is_main_metric"] = [row["metric_name"] == task.main_metric for row in rows]
    shared = {**of_run, "run_spec": task.spec.json}
    return TaskStatistics(build_table(STATS, len(rows), per_metric, shared), rejects, disagreements)


def _standard_error(ours: Recomputed, reported: float | None) -> Mapping[str, Any]:
    method = None if reported is None and ours.standard_error is None else ours.error_method
    return dict(zip(_ERRORS, (ours.standard_error, reported, method), strict=True))


def _disagreements(shared: Mapping[str, Any], ours: Recomputed, reported: Reported) -> Iterator[Mapping[str, Any]]:
    key = {name: shared[name] for name in _STATISTIC}
    mean = ours.columns.get("mean")
    for name, number, stated in (
        ("mean", ours.rejected_mean if mean is None else mean, reported.mean),
        ("standard_error", ours.standard_error, reported.standard_error),
    ):
        if reported.differs(number, stated):
            yield {**key, "field": name, "ours": number, "reported": stated}


def _number(stated: Any, rejects: list[Reject], file: str, place: str) -> float | None:  # noqa: ANN401 - any JSON value
    """Return a reported number; null, with a reject, if it is not a number or not finite."""
    if stated is None or stated == UNAVAILABLE:
        return None
    number = as_number(stated)
    if number is None:
        rejects.append(Reject(Reason.UNEXPECTED_SHAPE, f"not a number: {redacted(stated)!r}", file, place))
        return None
    if math.isfinite(number):
        return number
    rejects.append(Reject(Reason.NOT_FINITE, str(stated), file, place))
    return None
