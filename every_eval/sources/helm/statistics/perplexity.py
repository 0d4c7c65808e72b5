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

from every_eval.sources.helm.statistics.metric_values import Metric, MetricValues, RunMetrics
from every_eval.statistics.groups import FloatArray, Groups, divide

NUMERATOR = "logprob"
LN_2 = math.log(2)


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


RATIOS = (
    Ratio("perplexity", "num_perplexity_tokens", lambda rate: np.exp(-rate), lambda rate: -np.exp(-rate)),
    Ratio("bits_per_byte", "num_bytes", lambda rate: -rate / LN_2, lambda rate: np.full_like(rate, -1 / LN_2)),
    Ratio("logprob_per_byte", "num_bytes", lambda rate: rate, np.ones_like),
)


def derive_perplexities(run: RunMetrics) -> tuple[tuple[Metric, ...], MetricValues]:
    """Return the run's metrics with the ratios appended, and the values of the ratios.

    As in HELM, a ratio exists where both of its parts were measured and the sum of the denominator is above 0. A ratio
    is not derived if the run measured a metric of the same name.
    """
    metrics = list(run.metrics)
    parts = [run.values.take(slice(0))]
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
                metrics.append(derived)
    return tuple(metrics), MetricValues.join(*parts)


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
    is_scored = (known[at] == wanted) & (below.count[at] > 0) & (above.count > 0)
    scored = replace(above, count=is_scored.astype(np.int64), sum=above.sum * is_scored)
    divisors = below.sum[at] * is_scored
    trials = Groups(run.keys(scored, ("treatment", "trial")))
    total = trials.add(divisors)
    share = divide(trials.count(scored.count).astype(np.float64), total)
    return _Pair(scored, divisors, trials, total, divide(trials.add(scored.sum), total), share)


def _of_metric(values: MetricValues, metric: int) -> MetricValues:
    start, end = np.searchsorted(values.metric, (metric, metric + 1)).tolist()
    return values.take(slice(start, end))


def _linearise(ratio: Ratio, pair: _Pair) -> MetricValues:
    spread = pair.trials.spread
    residual = pair.numerator.sum - spread(pair.rate) * pair.denominator
    linearised = spread(ratio.function(pair.rate)) + spread(ratio.slope(pair.rate) * pair.share) * residual
    return replace(pair.numerator, sum=linearised, min=linearised).take(spread(pair.total) > 0)
