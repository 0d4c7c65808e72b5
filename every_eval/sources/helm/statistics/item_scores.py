"""The rows of `item_scores`: a run's main metrics on each of its instances."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.sources.columns import build_table, dictionary_array, only_finite
from every_eval.sources.helm.reading.keys import InstanceKey
from every_eval.sources.helm.reading.metric_index import MetricIndex
from every_eval.sources.helm.reading.run_context import RunContext, with_fallback
from every_eval.sources.helm.statistics.metric_values import Metric, MetricValues, RunMetrics
from every_eval.sources.helm.statistics.perplexity import NUMERATOR, RATIOS, metrics_behind
from every_eval.statistics.composite_keys import decompose
from every_eval.statistics.groups import FloatArray, Groups, IntArray, divide

MAX_PROB: Final = "max_prob"
"""Probability of the answer, from which calibration is computed."""
MAX_PROB_STEPS: Final = 1024
"""Number of steps between 0 and 1 that probabilities are rounded to. Whole probabilities would take more space than all
other columns together. A mean of rounded probabilities is at most 1/2048 from the mean of the whole ones."""
_AXES: Final = ("treatment", "instance")


def item_scores(metrics: MetricIndex, context: RunContext, items: Mapping[InstanceKey, str]) -> pa.Table:
    """Return the rows of `item_scores` of a run, for each perturbation in the order of its instances.

    Args:
        metrics: The run's metric values.
        context: The run.
        items: The digest of each question; an unknown question is null.
    """
    main = {(with_fallback(name, metrics.metric_names), split) for name, split in context.main_metrics}
    wanted = main | {(MAX_PROB, split) for _, split in main}
    run = metrics.select(metrics_behind({name for name, _ in wanted}))
    places: dict[bytes, dict[str, pa.Array]] = {}  # Most metrics of a run are measured on the same instances.
    tables = []
    for scores in _scores(run, wanted):
        keys = scores.keys.tobytes()
        if keys not in places:
            places[keys] = _places(run, scores.keys, items)
        tables.append(_table(scores, context, places[keys]))
    return pa.concat_tables(tables).unify_dictionaries() if tables else ITEM_SCORES.empty


@dataclass(frozen=True)
class _Scores:
    """Values of one metric; the arrays have one element for each treatment and instance."""

    metric: Metric
    keys: IntArray
    """What `compose` makes of treatment and instance."""
    value: FloatArray
    n_trials: IntArray
    numerator: FloatArray | None = None
    denominator: FloatArray | None = None


def _scores(run: RunMetrics, wanted: Collection[tuple[str, str | None]]) -> Iterator[_Scores]:
    for metric in sorted(run.metrics, key=lambda metric: tuple(part or "" for part in metric)):
        if (metric.name, metric.split) in wanted:
            averages = _averages(run, metric, is_sum=False)
            yield _rounded(averages) if metric.name == MAX_PROB else averages
        if metric.name == NUMERATOR:
            yield from _ratios(run, metric, wanted)


def _ratios(run: RunMetrics, numerator: Metric, wanted: Collection[tuple[str, str | None]]) -> Iterator[_Scores]:
    """Yield the metrics that follow from the ratio of a numerator and a denominator, unless the run measured them."""
    for ratio in RATIOS:
        metric, below = (numerator._replace(name=name) for name in (ratio.name, ratio.denominator))
        if (metric.name, metric.split) in wanted and metric not in run.metrics and below in run.metrics:
            above, divisor = _averages(run, numerator, is_sum=True), _averages(run, below, is_sum=True)
            keys, at_above, at_below = np.intersect1d(above.keys, divisor.keys, assume_unique=True, return_indices=True)
            numbers = above.value[at_above], divisor.value[at_below]
            yield _Scores(metric, keys, ratio.function(divide(*numbers)), above.n_trials[at_above], *numbers)


def _averages(run: RunMetrics, metric: Metric, *, is_sum: bool) -> _Scores:
    """Return the mean over the trials of a metric's sums, or of its sums divided by their counts."""
    values: MetricValues = run.values.take(run.values.metric == run.metrics.index(metric))
    groups = Groups(run.keys(values, _AXES))
    is_scored = (values.count > 0) & (values.odd == 0)
    numbers = values.sum if is_sum else divide(values.sum, values.count)
    n_trials = groups.count(is_scored.astype(np.int64))
    means = divide(groups.add(np.where(is_scored, numbers, 0.0)), n_trials)
    means[groups.count(values.odd) > 0] = np.nan
    return _Scores(metric, groups.keys, means, n_trials)


def _rounded(scores: _Scores) -> _Scores:
    return replace(scores, value=np.rint(scores.value * MAX_PROB_STEPS) / MAX_PROB_STEPS)


def _table(scores: _Scores, context: RunContext, places: Mapping[str, pa.Array]) -> pa.Table:
    numbers = {"value": only_finite(scores.value), "n_trials": pa.array(scores.n_trials.astype(np.int32))}
    parts = {"numerator": scores.numerator, "denominator": scores.denominator}
    numbers |= {name: only_finite(values) for name, values in parts.items() if values is not None}
    shared = {**context.constants, "cluster": None, "numerator": None, "denominator": None}
    metric = dict(zip(("metric_name", "split", "sub_split"), scores.metric, strict=True))
    return build_table(ITEM_SCORES, len(scores.keys), {**places, **numbers}, {**shared, **metric})


def _places(run: RunMetrics, keys: IntArray, items: Mapping[InstanceKey, str]) -> dict[str, pa.Array]:
    """Return the columns of perturbation, instance and item; a key combines a treatment and an instance."""
    treatment, instance = decompose(keys, run.sizes(_AXES))
    perturbations = [one.perturbation for one in run.treatments]
    found = [
        items.get((run.instance_ids[at], perturbations[of]))
        for of, at in zip(treatment.tolist(), instance.tolist(), strict=True)
    ]
    return {
        "perturbation": dictionary_array(treatment, perturbations),
        "instance_id": pa.array(run.instance_ids).take(pa.array(instance)),
        "item": pa.array(found, pa.string()),
    }
