"""Perplexity and similar metrics: functions of a ratio of two sums over all instances of a trial.

With S the sum of log-probabilities and T the sum of tokens or bytes, HELM reports f(S / T) for each trial and each
context (split, sub_split, perturbation): `compute_perplexity_metrics` in metrics/basic_metrics.py. f(S / T) is not a
mean over instances. The share of an instance with the values s and t, one of n instances, is f linearised at r = S / T:

    x = f(r) + f'(r) (s - r t) n / T

The mean of x over the instances is f(r), and the spread of x gives the standard error of f(r): that of a ratio
estimator (Cochran, Sampling Techniques, 3rd edition, section 2.11), and the delta method for f.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from every_eval.sources.helm.statistics.metric_values import Metric, MetricValues, RunMetrics, TrialSums
from every_eval.statistics.groups import FloatArray, Groups, divide

NUMERATOR = "logprob"
LN_2 = math.log(2)
_E = math.e


@dataclass(frozen=True)
class Ratio:
    """A metric that is a function of a ratio: the sum of log-probabilities over the sum of `denominator`."""

    name: str
    denominator: str
    """Name of the metric that counts tokens or bytes."""
    function: Callable[[FloatArray], FloatArray]
    """f, from the ratio to the metric."""
    slope: Callable[[FloatArray], FloatArray]
    """The derivative of f."""


def _power_of_e(exponents: FloatArray) -> FloatArray:
    """Return the powers as HELM computes them: with `math.e **`, which differs from `numpy.exp` in the last bits."""
    powers = np.exp(exponents)
    is_finite = np.isfinite(powers)
    powers[is_finite] = [_E**exponent for exponent in exponents[is_finite].tolist()]
    return powers


RATIOS = (
    Ratio("perplexity", "num_perplexity_tokens", lambda rate: _power_of_e(-rate), lambda rate: -_power_of_e(-rate)),
    Ratio("bits_per_byte", "num_bytes", lambda rate: -rate / LN_2, lambda rate: np.full_like(rate, -1 / LN_2)),
    Ratio("logprob_per_byte", "num_bytes", lambda rate: rate, np.ones_like),
)


def metrics_behind(names: set[str]) -> set[str]:
    """Return the names of the metrics that statistics of these names are computed from."""
    return names | {part for ratio in RATIOS if ratio.name in names for part in (NUMERATOR, ratio.denominator)}


def derive_perplexities(run: RunMetrics) -> RunMetrics:
    """Return the run with the ratios appended to its metrics, and only the values of the ratios.

    As in HELM, a ratio exists where both of its parts were measured and the sum of the denominator is above 0. A ratio
    is not derived if the run measured a metric of the same name.
    """
    metrics = list(run.metrics)
    parts, trials = [run.values.take(slice(0))], [run.trials.take(slice(0))]
    numerators = [metric for metric in run.metrics if metric.name == NUMERATOR]
    pairs: dict[tuple[Metric, Metric], _Pair] = {}
    for ratio in RATIOS:
        for metric in numerators:
            denominator, derived = metric._replace(name=ratio.denominator), metric._replace(name=ratio.name)
            if denominator in run.metrics and derived not in run.metrics:
                if (metric, denominator) not in pairs:
                    pairs[metric, denominator] = _pair(run, metric, denominator)
                values = _linearise(ratio, pairs[metric, denominator])
                parts.append(replace(values, metric=np.full_like(values.metric, len(metrics))))
                over_trials = _over_trials(ratio, run, metric, denominator)
                trials.append(replace(over_trials, metric=np.full_like(over_trials.metric, len(metrics))))
                metrics.append(derived)
    return replace(run, metrics=tuple(metrics), values=MetricValues.join(*parts), trials=TrialSums.join(*trials))


@dataclass(frozen=True)
class _Pair:
    """The values of a numerator and a denominator, and their sums over each trial."""

    numerator: MetricValues
    """Values of the numerator; the count is 0 where one of the two metrics has no value."""
    denominator: FloatArray
    """For each element of `numerator`, the value of the denominator."""
    trials: Groups
    """The elements of `numerator`, grouped by treatment and trial."""
    total: FloatArray
    """T: the sum of the denominator in each trial."""
    rate: FloatArray
    """r = S / T in each trial."""
    share: FloatArray
    """n / T in each trial."""


def _pair(run: RunMetrics, numerator: Metric, denominator: Metric) -> _Pair:
    above, below = (_of_metric(run.values, run.metrics.index(metric)) for metric in (numerator, denominator))
    axes = ("treatment", "trial", "instance")
    wanted, known = run.keys(above, axes), run.keys(below, axes)
    # The values of a run are sorted, so those of one metric are sorted too.
    at = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    is_paired = known[at] == wanted
    is_scored = is_paired & (below.count[at] > 0) & (above.count > 0)
    is_odd = is_paired & ((below.odd[at] > 0) | (above.odd > 0))
    counts, odd = is_scored.astype(np.int64), is_odd.astype(np.int64)
    scored = replace(above, count=counts, sum=above.sum * is_scored, odd=odd)
    divisors = below.sum[at] * is_scored
    trials = Groups(run.keys(scored, ("treatment", "trial")))
    total = trials.add(divisors)
    share = divide(trials.count(scored.count).astype(np.float64), total)
    return _Pair(scored, divisors, trials, total, divide(trials.add(scored.sum), total), share)


def _of_metric(values: MetricValues, metric: int) -> MetricValues:
    start, end = np.searchsorted(values.metric, (metric, metric + 1)).tolist()
    return values.take(slice(start, end))


def _over_trials(ratio: Ratio, run: RunMetrics, numerator: Metric, denominator: Metric) -> TrialSums:
    """Return the ratio of each trial as HELM computes it, from the sums over the trial."""
    above, below = (
        run.trials.take(np.flatnonzero(run.trials.metric == run.metrics.index(metric)))
        for metric in (numerator, denominator)
    )
    of_above, of_below = (run.keys(sums, ("treatment", "trial")) for sums in (above, below))
    _, at_above, at_below = np.intersect1d(of_above, of_below, assume_unique=True, return_indices=True)
    is_defined = below.sum[at_below] > 0
    above, divisor = above.take(at_above[is_defined]), below.sum[at_below[is_defined]]
    return replace(above, count=np.ones_like(above.count), sum=ratio.function(above.sum / divisor))


def _linearise(ratio: Ratio, pair: _Pair) -> MetricValues:
    spread = pair.trials.spread
    residual = pair.numerator.sum - spread(pair.rate) * pair.denominator
    linearised = spread(ratio.function(pair.rate)) + spread(ratio.slope(pair.rate) * pair.share) * residual
    return replace(pair.numerator, sum=linearised, min=linearised).take(spread(pair.total) > 0)
