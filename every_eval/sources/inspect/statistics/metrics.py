"""Inspect's metrics: one number, or several named numbers, of the scores of a log's samples.

The formulas are those of `inspect_ai/scorer/_metrics`, version 0.3.285, in the same order of operations, so that the
numbers are equal to the bit where the samples come in Inspect's order. The ends of `ci` can differ in the last digits,
because the quantile of Student's t is computed by another method.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property, partial
from statistics import NormalDist
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from msgspec import Struct

from every_eval.sources.inspect.statistics.derivable import NotDerivable, check_metric
from every_eval.sources.inspect.statistics.exact_student_t import student_t_quantile
from every_eval.sources.inspect.statistics.values import is_nan, to_float


class Score(Struct, frozen=True):
    """A score that a metric counts: a sample's score after the reduction of its epochs, or that of a single epoch."""

    value: Any
    """Value as in the log, or as a reducer made it."""
    metadata: Mapping[str, Any] = {}
    """Metadata of the sample; only the keys of clusters and groups are used."""


class Scores(list[Score]):
    """Scores that are not changed, so that the number of each is found once for all metrics."""

    @cached_property
    def numbers(self) -> list[float]:
        """Number that Inspect counts for each score."""
        return [to_float(score.value) for score in self]


Result = float | Mapping[str, float]
"""A number, or numbers by name."""
Metric = Callable[[Sequence[Score]], Result]


def metric_of(name: str, arguments: Mapping[str, Any]) -> Metric:
    """Return a metric by its name, without the prefix of Inspect's package, and its arguments as the log has them.

    The metric raises `NotDerivable` if a sample has no metadata for its cluster or group. It returns what Inspect
    returns for scores that it has no formula for: 0 for the error of a single score, and NaN for no scores.

    Raises:
        NotDerivable: The metric is not recomputed from scores.
    """
    check_metric(name, arguments)
    stated = {key: value for key, value in arguments.items() if value is not None}
    for inner in ("metric", "agg"):
        if inner in stated:
            stated[inner] = _inner_metric(stated[inner])
    return partial(_METRICS[name], **stated)


def metadata_keys(arguments: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys of the samples' metadata that a metric with these arguments needs."""
    keys = {arguments[name] for name in ("cluster", "group_key") if isinstance(arguments.get(name), str)}
    for inner in ("metric", "agg"):
        stated = arguments[inner].get("params") if isinstance(arguments.get(inner), dict) else None
        if isinstance(stated, dict):
            keys |= metadata_keys(stated)
    return frozenset(keys)


def population_variance(scores: Sequence[Score]) -> float:
    """Return the variance over n, which Inspect's `var` was until February 2025 (pull request 1256 of inspect_ai)."""
    return float(np.var(_numbers(scores))) if scores else math.nan


def mean_in_order(numbers: Sequence[float]) -> float:
    """Return the mean of numbers that are added in turn, as Inspect's `accuracy` adds them; NaN for none.

    NumPy adds in pairs, and `sum` compensates rounding from Python 3.12 on.
    """
    total = 0.0
    for number in numbers:
        total += number
    return total / len(numbers) if numbers else math.nan


def clustered_standard_error(clusters: Sequence[Sequence[float]]) -> float:
    """Return the standard error of a mean over values in clusters; 0 for fewer than two clusters.

    √(C / (C - 1) Σ (Σ (x - mean))²) / n over C clusters: Miller, Adding Error Bars to Evals (2024), appendix A, with
    Inspect's correction for a finite number of clusters.
    """
    if len(clusters) < 2:
        return 0.0
    arrays = [np.asarray(cluster, np.float64) for cluster in clusters]
    values = np.concatenate(arrays)
    mean = float(np.mean(values))
    variance = np.float64(0)  # Unlike Python's numbers, those of NumPy may become infinite.
    for array in arrays:
        variance += (array - mean).sum() ** 2
    return float(np.sqrt(variance * len(clusters) / (len(clusters) - 1)) / len(values))


def _numbers(scores: Sequence[Score]) -> list[float]:
    return scores.numbers if isinstance(scores, Scores) else [to_float(score.value) for score in scores]


def _mean(scores: Sequence[Score]) -> float:
    return float(np.mean(_numbers(scores))) if scores else math.nan


def _accuracy(scores: Sequence[Score]) -> float:
    return mean_in_order(_numbers(scores))


def _std(scores: Sequence[Score]) -> float:
    return _deviation(_numbers(scores))


def _deviation(numbers: Sequence[float]) -> float:
    """Return the sample standard deviation; 0 for a single number, as in Inspect."""
    if len(numbers) < 2:
        return 0.0 if numbers else math.nan
    return float(np.std(numbers, ddof=1))


def _var(scores: Sequence[Score]) -> float:
    if len(scores) < 2:
        return 0.0 if scores else math.nan
    return float(np.var(_numbers(scores), ddof=1))


def _stderr(scores: Sequence[Score], cluster: str | None = None) -> float:
    if not scores:
        return math.nan
    if cluster is not None:
        return clustered_standard_error(_clusters(scores, cluster))
    numbers = _numbers(scores)
    return float(_deviation(numbers) / np.sqrt(len(numbers)))


def _clusters(scores: Sequence[Score], key: str) -> list[list[float]]:
    """Return the numbers of each cluster, in the order of its first score."""
    clusters: dict[Hashable, list[float]] = {}
    for score in scores:
        cluster = score.metadata.get(key)
        if cluster is None or is_nan(cluster) or not isinstance(cluster, Hashable):
            raise NotDerivable(f"a sample has no metadata for the cluster {key!r}")
        clusters.setdefault(cluster, []).append(to_float(score.value))
    return [*clusters.values()]


def _ci(
    scores: Sequence[Score],
    level: float = 0.95,
    method: str = "t",  # noqa: ARG001 - `check_metric` lets no other method pass
    num_samples: int = 0,  # noqa: ARG001 - of the method "bootstrap"
    cluster: str | None = None,
) -> Mapping[str, float]:
    """Return mean ± t e with the standard error e, and n - 1 degrees of freedom or one less than there are clusters."""
    numbers = _numbers(scores)
    if len(numbers) < 2:
        point = numbers[0] if numbers else 0.0
        return {"lower": point, "upper": point}
    freedom = len(numbers) - 1 if cluster is None else max(len(_clusters(scores, cluster)) - 1, 1)
    mean, error = float(np.mean(numbers)), _stderr(scores, cluster)
    half = student_t_quantile(1 - (1 - level) / 2, freedom) * error
    return {"lower": mean - half, "upper": mean + half}


def _ci_wilson(scores: Sequence[Score], level: float = 0.95, cluster: str | None = None) -> Mapping[str, float]:
    """Return Wilson's interval of the mean.

    With clusters, the number of scores is replaced by the effective size p (1 - p) / e², which is at most n, and the
    normal quantile by that of Student's t.

    Wilson, Journal of the American Statistical Association 22 (1927), 209; Korn and Graubard, Survey Methodology 24
    (1998).
    """
    if not scores:
        return {"lower": 0.0, "upper": 0.0}
    if not all(0 <= number <= 1 for number in _numbers(scores)):
        raise NotDerivable("a score is below 0 or above 1, which is no proportion")
    n = float(len(scores))
    p = _accuracy(scores)
    tail = (1 - level) / 2
    z = -NormalDist().inv_cdf(tail)
    if cluster is not None:
        clusters = _clusters(scores, cluster)
        variance = clustered_standard_error(clusters) ** 2
        if p * (1 - p) > 0 and variance > 0:
            n = min(p * (1 - p) / variance, n)
        z = student_t_quantile(min(1 - tail, math.nextafter(1, 0)), max(len(clusters) - 1, 1))
    scale = 1 + z * z / n
    middle = (p + z * z / (2 * n)) / scale
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    return {"lower": max(middle - half, 0.0), "upper": min(middle + half, 1.0)}


def _grouped(
    scores: Sequence[Score],
    metric: Metric,
    group_key: str,
    all: str | bool = "samples",  # noqa: A002 - Inspect's name
    all_label: str = "all",
    name_template: str = "{group_name}",
) -> Mapping[str, float]:
    """Return the metric of each group, and over all samples, or the mean over groups."""
    groups: dict[str, list[Score]] = {}
    for score in scores:
        if group_key not in score.metadata:
            raise NotDerivable(f"a sample has no metadata for the group {group_key!r}")
        groups.setdefault(str(score.metadata[group_key]), []).append(score)
    results = {name_template.replace("{group_name}", name): _single(metric(each)) for name, each in groups.items()}
    if not all:
        return results
    if not scores:
        return {all_label: math.nan}
    over_all = float(np.mean([*results.values()])) if all == "groups" else _single(metric(scores))
    return {**results, all_label: over_all}


def _single(result: Result) -> float:
    if isinstance(result, Mapping):
        raise NotDerivable("a metric of several numbers inside another metric")
    return result


def _aggregate(scores: Sequence[Score], key: str, agg: Metric, on_missing: str = "error") -> Result:
    """Return the metric of one key of the scores' objects."""
    chosen = []
    for score in scores:
        value = score.value.get(key) if isinstance(score.value, dict) else None
        if is_nan(value) or (value is None and on_missing == "skip"):
            continue
        if value is None and on_missing == "error":
            raise NotDerivable(f"a score has no key {key!r}")
        chosen.append(Score(0.0 if value is None else value, score.metadata))
    return agg(chosen) if chosen else math.nan


def _frequency(
    scores: Sequence[Score], categories: Sequence[str] | None = None, normalize: bool = True
) -> Mapping[str, float]:
    """Return the share, or the number, of the scores with each value, over all epochs."""
    counts = Counter(str(score.value) for score in scores)
    n = float(len(scores)) if normalize and scores else 1.0
    return {name: counts[name] / n for name in dict.fromkeys((*(categories or ()), *counts))}


def _inner_metric(stated: Any) -> Metric:  # noqa: ANN401 - any JSON value
    if not isinstance(stated, dict) or not isinstance(stated.get("name"), str):
        raise NotDerivable("the log does not name the metric inside another metric")
    arguments = stated.get("params") or {}
    if not isinstance(arguments, dict):
        raise NotDerivable("the arguments of the metric inside another metric are no object")
    return metric_of(stated["name"].removeprefix("inspect_ai/"), arguments)


_METRICS: Final[Mapping[str, Callable[..., Result]]] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "mean": _mean,
        "std": _std,
        "var": _var,
        "stderr": _stderr,
        "ci": _ci,
        "ci_wilson": _ci_wilson,
        "grouped": _grouped,
        "aggregate": _aggregate,
        "frequency": _frequency,
    }
)
