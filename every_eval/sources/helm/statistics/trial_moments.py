"""How much the trials of a run differ: the variance of their means, and what instances and trials do not explain."""

from typing import Final

import numpy as np

from every_eval.sources.helm.statistics.metric_values import MetricValues, RunMetrics
from every_eval.statistics.composite_keys import compose
from every_eval.statistics.groups import FloatArray, Groups, IntArray, divide

NAMES: Final = ("trial_variance", "residual_mean_square")
"""Columns of the table `stats`."""


def trial_moments(run: RunMetrics, scored: MetricValues, statistic: IntArray) -> tuple[IntArray, dict[str, FloatArray]]:
    """Return statistics in ascending order, and the numbers of `NAMES` about each; none for a run of one trial.

    The numbers are those of `every_eval.statistics.crossed_error.trial_moments`, over the instances that have a value
    in every trial of the statistic. They are NaN for fewer than two such instances, and for fewer than two trials.

    Args:
        run: The run.
        scored: Values of the run that have a count.
        statistic: Number of the statistic of each value, from 0.
    """
    if run.n_trials == 1:
        return np.zeros(0, np.int64), {name: np.zeros(0) for name in NAMES}
    is_complete = _is_in_every_trial(run, scored, statistic)
    scored, of = scored.take(is_complete), statistic[is_complete]
    values = scored.sum / scored.count
    statistics, trials, instances = Groups(of), _by_trial(run, scored, of), _by_instance(run, scored, of)
    mean, trial_mean, instance_mean = (groups.add(values) / groups.sizes for groups in (statistics, trials, instances))
    residuals = values - instances.spread(instance_mean) - trials.spread(trial_mean) + statistics.spread(mean)
    by_trial = Groups(trials.keys // run.n_trials)
    between = by_trial.add((trial_mean - by_trial.spread(mean)) ** 2)
    n_trials, n_instances = by_trial.sizes, Groups(instances.keys // len(run.instance_ids)).sizes
    freedom = (n_instances - 1) * (n_trials - 1)
    is_defined = (freedom > 0).astype(np.int64)
    numbers = divide(between, (n_trials - 1) * is_defined), divide(statistics.add(residuals**2), freedom)
    return statistics.keys, dict(zip(NAMES, numbers, strict=True))


def _is_in_every_trial(run: RunMetrics, scored: MetricValues, statistic: IntArray) -> IntArray:
    """Return the positions of the values whose instance has a value in every trial of the statistic."""
    trials = _by_trial(run, scored, statistic)
    n_trials = np.bincount(trials.keys // run.n_trials)
    instances = _by_instance(run, scored, statistic)
    return np.flatnonzero(instances.spread(instances.sizes.astype(np.float64)) == n_trials[statistic])


def _by_trial(run: RunMetrics, scored: MetricValues, statistic: IntArray) -> Groups:
    return Groups(compose((statistic, scored.trial), (int(statistic.max(initial=0)) + 1, run.n_trials)))


def _by_instance(run: RunMetrics, scored: MetricValues, statistic: IntArray) -> Groups:
    return Groups(compose((statistic, scored.instance), (int(statistic.max(initial=0)) + 1, len(run.instance_ids))))
