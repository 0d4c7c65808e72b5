"""Make the rows of the table `stats`: the metrics that Inspect reports beside the metrics recomputed from samples."""

import math
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import (
    CLUSTERED,
    ERRORS,
    RECOMPUTED,
    REPORTED,
    SAMPLE,
    STATISTIC_KEY,
    STATS,
)
from every_eval.sources.columns import build_table
from every_eval.sources.inspect.completeness import unscored_reason
from every_eval.sources.inspect.epoch_tables import EpochTables
from every_eval.sources.inspect.evaluation import AVERAGES, Evaluation, ScoreName, cluster_key, metric_name, score_name
from every_eval.sources.inspect.records import ReportedMetric, ReportedScore, is_count, is_number
from every_eval.sources.inspect.run_samples import INSTANCE, RunSamples
from every_eval.sources.inspect.spread import (
    Row,
    cluster_spread,
    means_of_groups,
    moments,
    trial_spread,
    without_spread,
)
from every_eval.sources.inspect.statistics.comparison import ComparedMetric, compare, scores_of_log
from every_eval.sources.inspect.statistics.derivable import NotDerivable
from every_eval.sources.inspect.statistics.metrics import Scores, mean_in_order
from every_eval.sources.inspect.statistics.reliability import reliability
from every_eval.sources.source import Reject, Run

_PER_METRIC: Final = (
    "metric_name",
    "is_main_metric",
    "unscored_reason",
    *(column.name for column in (*REPORTED, *RECOMPUTED, *ERRORS)),
)
_STATISTIC: Final = ("source", "benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY))
_GRADES: Final = (0.0, 0.5, 1.0)
"""Numbers of grades, for which a success means something: wrong, partially right and right."""
_ERROR: Final = "stderr"
"""Metric that is the standard error of the averages of the same score."""


@dataclass
class RunStatistics:
    """Statistics of a run."""

    table: pa.Table = field(default_factory=lambda: STATS.empty)
    """Rows of the table `stats`."""
    rejects: list[Reject] = field(default_factory=list)
    """Reported numbers that could not be read."""
    disagreements: list[Mapping[str, Any]] = field(default_factory=list)
    """Reported numbers that the samples do not give."""


def run_statistics(evaluation: Evaluation, run: Run, samples: RunSamples, file: str) -> RunStatistics:
    """Return the statistics of a run; `file` is the name of its log.

    If the evaluation did not come to its end, or if samples could not be read, nothing is computed of those that are
    left.
    """
    return _Statistics(evaluation, run, samples, file).build()


class _Statistics:
    """Collects the rows of one run."""

    def __init__(self, evaluation: Evaluation, run: Run, samples: RunSamples, file: str) -> None:
        self._evaluation = evaluation
        self._run = run
        self._samples = samples
        self._file = file
        self._reason = unscored_reason(evaluation, samples)
        self._scores = scores_of_log(evaluation.header.written, samples.scored)
        self._shared = {
            **evaluation.shared(run),
            "run_spec": evaluation.spec.json,
            "is_complete": self._reason is None,
            "n_rejected": samples.n_rejected,
            "judges": sorted(samples.judges) or None,
            "n_unjudged": samples.n_unjudged if samples.n_judged else None,
        }
        self._tables = EpochTables(samples, self._scores)
        self._found = RunStatistics()

    def build(self) -> RunStatistics:
        rows: dict[str, Row] = {}
        for row in self._reported():
            if row["metric_name"] in rows:
                detail = "the metric is reported twice under the same name"
                self._found.rejects.append(Reject(Reason.DOUBLED_STATISTIC, detail, self._file, row["metric_name"]))
            rows.setdefault(row["metric_name"], row)
        for row in (*self._of_samples_alone(rows), *self._reliabilities(), *self._resources()):
            rows.setdefault(row["metric_name"], row)
        main = self._evaluation.main_metrics
        for name, row in rows.items():
            row["is_main_metric"] = name in main
        columns = {name: [row.get(name) for row in rows.values()] for name in _PER_METRIC}
        self._found.table = build_table(STATS, len(rows), columns, self._shared)
        return self._found

    def _reported(self) -> Iterator[Row]:
        """Yield a row for each reported metric; the standard error of an average stands in the average's row."""
        scores = self._evaluation.scores
        if not self._evaluation.header.is_success:
            for score in scores:
                yield from (self._counted(metric_name(score, name)) for name in _own_rows(score))
            return
        if self._evaluation.header.results is None:
            return  # Nothing was scored.
        compared = iter(compare(self._evaluation.header.written, self._scores))
        index = 0
        for score in scores:
            of_score = {name: next(compared) for name in score.metrics}
            for name in _own_rows(score):
                yield {"reported_index": index, **self._row(score, name, of_score)}
                index += 1

    def _row(self, score: ReportedScore, name: str, compared: Mapping[str, ComparedMetric]) -> Row:
        ours, error = compared[name], compared.get(_ERROR) if name in AVERAGES else None
        row = self._counted(metric_name(score, name)) | {
            "reported_mean": self._number(score, score.metrics[name]),
            "reported_count": score.scored_samples if is_count(score.scored_samples) else None,
        }
        row |= self._values(score) if name in AVERAGES else {}
        row["mean"] = row["sum"] = None
        if ours.recomputed is not None and self._reason is None:
            self._compare(row, "mean", ours)
            row |= self._published(ours, row)
        if error is not None:
            row |= self._errors(score, row, error)
        if ours.is_equal is None and row["unscored_reason"] is None:
            row["unscored_reason"] = ours.reason
        return row if row["mean"] is not None else without_spread(row)

    def _published(self, ours: ComparedMetric, row: Row) -> Row:
        """Return the recomputed number; a number over scores that are not finite is withheld, with the reason."""
        number = ours.recomputed
        if number is None or not math.isfinite(number):
            is_empty = not ours.n
            return {} if is_empty else {"unscored_reason": "a score, or the number over the scores, is not finite"}
        if ours.is_equal is False and ours.reason is not None:
            return {"unscored_reason": ours.reason}
        n_trials = row.get("n_trials") or 1
        return {"n_scored": ours.n, "mean": number, "sum": number * n_trials, "n_trials": n_trials}

    def _errors(self, score: ReportedScore, row: Row, error: ComparedMetric) -> Row:
        reported = self._number(score, score.metrics[_ERROR])
        ours = error.recomputed if row["mean"] is not None else None
        if ours is not None and not math.isfinite(ours):
            ours = None
        if ours is not None:
            self._compare(row, "standard_error", error)
        parameters = score.metrics[_ERROR].params or score.metrics[_ERROR].options
        is_clustered = isinstance(parameters, dict) and parameters.get("cluster") is not None
        method = CLUSTERED if is_clustered else SAMPLE
        return {
            "standard_error": ours,
            "reported_standard_error": reported,
            "standard_error_method": None if ours is None and reported is None else method,
        }

    def _compare(self, row: Row, name: str, ours: ComparedMetric) -> None:
        if ours.is_equal is False and ours.reason is None:
            key = {column: (self._shared | row)[column] for column in _STATISTIC}
            self._found.disagreements.append({**key, "field": name, "ours": ours.recomputed, "reported": ours.reported})

    def _values(self, score: ReportedScore) -> Row:
        """Return the spread of a score over instances."""
        found = score_name(score)
        try:
            scores = self._scores.scored(found.scorer, found.key, score.reducer or "mean")
        except NotDerivable:
            return {}
        spread = self._spread(scores, cluster_key(score))
        if score.reducer in (None, "mean"):
            spread |= self._trials(found, spread)
        if spread.get("is_binary") is False and score.reducer in (None, "mean"):
            # The mean of an instance's trials lies between 0 and 1 even if each trial is 0 or 1.
            trials = self._samples.scores[found]
            spread["is_binary"] = bool(np.isin(trials[~np.isnan(trials)], (0, 1)).all())
        return spread

    def _spread(self, scores: Scores, clustered_by: str | None = None) -> Row:
        if self._reason is not None or not scores:
            return {}
        pairs = sorted(zip((str(score.metadata[INSTANCE]) for score in scores), scores.numbers, strict=True))
        spread = moments(np.array([number for _, number in pairs]))
        of_clusters = cluster_spread(pairs, self._samples.clusters(clustered_by)) if spread else {}
        return spread | of_clusters | {"n_trials": self._n_epochs}

    def _trials(self, name: ScoreName, spread: Row) -> Row:
        """Return the spread between epochs of a score that is the mean over epochs."""
        is_spread = self._n_epochs > 1 and "m2" in spread and name in self._samples.scores
        return trial_spread(self._tables.of(name)) if is_spread else {}

    def _of_samples_alone(self, reported: Container[str]) -> Iterator[Row]:
        """Yield the mean of each score whose mean Inspect does not report."""
        for name in self._score_names:
            metric = self._evaluation.value_name(name.scorer, name.key)
            if metric not in reported:
                yield self._counted(metric) | self._mean(name)

    def _mean(self, name: ScoreName) -> Row:
        try:
            scores = self._scores.scored(name.scorer, name.key, "mean") if self._reason is None else Scores()
        except NotDerivable as why:
            return {"unscored_reason": str(why)}
        spread = self._spread(scores)
        spread |= self._trials(name, spread)
        numbers = scores.numbers
        mean = mean_in_order(numbers)
        if not math.isfinite(mean):
            return {"unscored_reason": self._reason or ("a score is not finite" if numbers else None)}
        return {**spread, "n_scored": len(numbers), "mean": mean, "sum": mean * self._n_epochs}

    def _reliabilities(self) -> Iterator[Row]:
        """Yield pass@k, pass^k and the standard error over samples and epochs of scores with several epochs."""
        if self._n_epochs < 2 or self._reason is not None:
            return
        for name in self._score_names:
            numbers = self._samples.scores[name]
            found = reliability(self._tables.of(name))
            is_graded = np.isin(numbers[~np.isnan(numbers)], _GRADES).all()
            for sign, by_k in (("@", found.pass_at), ("^", found.pass_hat)) if is_graded else ():
                for k, value in by_k.items():
                    if k > 1 and math.isfinite(value):
                        row = self._counted(f"pass{sign}{k},{name}")
                        yield row | {"mean": value, "sum": value, "n_scored": found.n_samples, "n_trials": 1}
            if found.standard_error is not None:
                row = self._counted(f"stderr_over_samples_and_epochs,{name}")
                error = found.standard_error
                yield row | {"mean": error, "sum": error, "n_scored": found.n_samples, "n_trials": 1}

    def _resources(self) -> Iterator[Row]:
        """Yield the mean of each number of tokens and each time, over the samples in all epochs."""
        for name, numbers in sorted(self._samples.resources.items()):
            is_stated = ~np.isnan(numbers)
            means = means_of_groups(numbers[is_stated], self._samples.sorted_codes[is_stated])
            mean = math.fsum(means.tolist()) / len(means)
            row = self._counted(name) | moments(means)
            if self._reason is None:
                row |= {"mean": mean, "sum": mean * self._n_epochs, "n_trials": self._n_epochs}
            yield row if self._reason is None else without_spread(row)

    def _counted(self, name: str) -> Row:
        """Return a row without numbers."""
        is_read = bool(self._samples.scored)
        return {
            "metric_name": name,
            "n_instances": self._samples.n_instances if is_read else None,
            "n_scored": 0 if is_read else None,
            "n_trials": 0 if is_read else None,
            "unscored_reason": self._reason,
        }

    def _number(self, score: ReportedScore, metric: ReportedMetric) -> float | None:
        """Return a reported number; null, with a reject, if it is not a number or infinite, and null for NaN.

        Inspect reports NaN where no sample is scored.
        """
        value = metric.value
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        place = f"$.results.scores[{metric_name(score, metric.name)!r}]"
        if is_number(value):
            return float(value)
        is_infinite = isinstance(value, int | float) and not isinstance(value, bool)
        reason = Reason.NOT_FINITE if is_infinite else Reason.UNEXPECTED_SHAPE
        self._found.rejects.append(Reject(reason, f"not a finite number: {value!r}", self._file, place))
        return None

    @cached_property
    def _n_epochs(self) -> int:
        return len({sample.epoch for sample in self._samples.scored}) or 1

    @cached_property
    def _score_names(self) -> list[ScoreName]:
        """Scores of the samples, in the order of their first appearance."""
        found = self._samples.scores
        whole = {name.scorer for name in found if name.key is not None}
        # A scorer of objects can have an unscored sample, whose whole value is NaN.
        return [name for name in found if name.key is not None or name.scorer not in whole]


def _own_rows(score: ReportedScore) -> list[str]:
    """Return the metrics of a score that have a row of their own."""
    has_average = any(name in score.metrics for name in AVERAGES)
    return [name for name in score.metrics if not (has_average and name == _ERROR)]
