"""Worst cases over perturbations, by the rules of HELM's `compute_worst_case_metrics` (metrics/metric.py).

HELM computes two kinds of worst cases for each metric, trial and instance:

- A perturbation that changed the instance gives two values: "original", the value on the unchanged text, and "worst",
  the smaller of the values on both texts.
- "robustness" and "fairness" give the smallest value over the unchanged text and all perturbations of that kind, on
  every instance, whether or not it was perturbed.

HELM takes the smallest value as the worst even where lower is better. We do the same, since HELM's tables show these
numbers.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from every_eval.sources.helm.statistics.metric_values import ORIGINAL, MetricValues, RunMetrics, Treatment, TrialSums
from every_eval.statistics.composite_keys import decompose
from every_eval.statistics.groups import BoolArray, Groups, IntArray

POOLS = ("robustness", "fairness")
"""The kinds of perturbations that HELM pools."""

_AXES = ("metric", "trial", "instance")


def derive_worst_cases(run: RunMetrics) -> RunMetrics:
    """Return the run with the treatments and values of the worst cases; equal values become aliases."""
    aliases = _find_aliases(run)
    positions = {treatment: index for index, treatment in enumerate(run.treatments)}
    parts, trials = [run.values], [run.trials]
    for treatment, values in _find_worst_cases(run, aliases):
        position = positions.setdefault(treatment, len(positions))
        parts.append(replace(values, treatment=np.full_like(values.treatment, position)))
        trials.append(_add_trials(run, values, position))
    codes = {positions.setdefault(treatment, len(positions)): positions[other] for treatment, other in aliases.items()}
    values = MetricValues.join(*parts)
    return replace(run, treatments=tuple(positions), values=values, trials=TrialSums.join(*trials), aliases=codes)


def _add_trials(run: RunMetrics, values: MetricValues, treatment: int) -> TrialSums:
    """Return the sums of values of one treatment over each trial, added in the order of the instances."""
    scored = values.take(values.count > 0)
    groups = Groups(run.keys(scored, ("metric", "trial")))
    metric, trial = decompose(groups.keys, run.sizes(("metric", "trial")))
    return TrialSums(metric, np.full_like(metric, treatment), trial, groups.count(scored.count), groups.add(scored.sum))


def _find_aliases(run: RunMetrics) -> dict[Treatment, Treatment]:
    """Find the pools whose values are those of another treatment: pools without a perturbation of their kind."""
    robustness, fairness = map(_describe, POOLS)
    if any(
        pool in run.treatments or any(_belongs(run, name))
        for name, pool in zip(POOLS, (robustness, fairness), strict=True)
    ):
        return {}
    if _has_single_values(run.values):
        return {robustness: ORIGINAL, fairness: ORIGINAL}
    return {fairness: robustness}


def _has_single_values(values: MetricValues) -> bool:
    """Tell whether every element on the original text is over one value at most, which is then also the smallest."""
    is_equal = (values.count == 1) & (values.sum.view(np.int64) == values.min.view(np.int64))
    return bool((is_equal | (values.count == 0) | (values.treatment != 0)).all())


def _find_worst_cases(run: RunMetrics, aliases: dict[Treatment, Treatment]) -> Iterator[tuple[Treatment, MetricValues]]:
    keys = run.keys(run.values, _AXES)
    is_original = run.values.treatment == 0
    for index, treatment in enumerate(run.treatments[1:], start=1):
        is_changed = run.values.treatment == index
        is_before = is_original & np.isin(keys, keys[is_changed])
        yield treatment.on("original"), run.values.take(is_before)
        yield treatment.on("worst"), _take_smallest(run, keys, is_before | is_changed)
    for name in POOLS:
        if _describe(name) not in aliases:
            is_pooled = is_original | _belongs(run, name)[run.values.treatment]
            yield _describe(name), _take_smallest(run, keys, is_pooled)


def _belongs(run: RunMetrics, pool: str) -> BoolArray:
    """For each treatment of the run, tell whether it is of the pool's kind."""
    return np.array([treatment.has(pool) for treatment in run.treatments])


def _describe(pool: str) -> Treatment:
    return Treatment.of({"name": pool, "computed_on": "worst"} | {name: name == pool for name in POOLS})


def _take_smallest(run: RunMetrics, keys: IntArray, chosen: BoolArray) -> MetricValues:
    """Return the smallest of the chosen values for each metric, trial and instance."""
    groups = Groups(keys[chosen])
    lowest = groups.known_min(run.values.min[chosen])
    metric, trial, instance = decompose(groups.keys, run.sizes(_AXES))
    is_scored = np.isfinite(lowest)
    total = np.where(is_scored, lowest, 0.0)
    # The smallest of several values is not known if one of them is not finite.
    odd = np.minimum(groups.count(run.values.odd[chosen]), 1)
    counts = is_scored.astype(np.int64)
    return MetricValues(metric, np.zeros_like(metric), trial, instance, counts, total, lowest, odd)
