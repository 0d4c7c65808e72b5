"""Perplexity and its like: functions of a ratio of sums over all instances of a trial.

With S the sum of log-probabilities and T that of tokens or bytes, HELM reports f(S / T) for each trial and each context
(split, sub_split, perturbation): `compute_perplexity_metrics` in metrics/basic_metrics.py. Such a number is no mean
over instances. An instance's share in it is f linearised at r = S / T,

    x = f(r) + f'(r) (s - r t) n / T     with the instance's own s and t, one of n instances,

so that the mean of x over instances is f(r), and their spread gives its standard error: that of a ratio estimator
(Cochran, Sampling Techniques, 3rd edition, section 2.11) and the delta method for f.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from every_eval.sources.helm.statistics.cells import Cells, Metric, Run
from every_eval.statistics.groups import FloatArray, Groups, IntArray, divide

NUMERATOR = "logprob"
LN_2 = math.log(2)


@dataclass(frozen=True)
class Ratio:
    """A metric that is a function of the sum of log-probabilities over the sum of `denominator`."""

    name: str
    denominator: str
    function: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]


RATIOS = (
    Ratio("perplexity", "num_perplexity_tokens", lambda rate: np.exp(-rate), lambda rate: -np.exp(-rate)),
    Ratio("bits_per_byte", "num_bytes", lambda rate: -rate / LN_2, lambda rate: np.full_like(rate, -1 / LN_2)),
    Ratio("logprob_per_byte", "num_bytes", lambda rate: rate, np.ones_like),
)


def derive_perplexities(run: Run) -> tuple[tuple[Metric, ...], Cells]:
    """The run's metrics with the ratios appended, and the ratios' cells.

    A ratio is derived where its parts were measured and the denominator's sum is above 0, as in HELM; not where the
    run measures a metric of the same name itself.
    """
    metrics = list(run.metrics)
    parts = [run.cells.take(slice(0))]
    numerators = [metric for metric in run.metrics if metric.name == NUMERATOR]
    pairs: dict[tuple[Metric, Metric], _Pair] = {}
    for ratio in RATIOS:
        for metric in numerators:
            denominator, derived = metric._replace(name=ratio.denominator), metric._replace(name=ratio.name)
            if denominator in run.metrics and derived not in run.metrics:
                if (metric, denominator) not in pairs:
                    pairs[metric, denominator] = _pair(run, metric, denominator)
                cells = _linearise(ratio, pairs[metric, denominator])
                parts.append(replace(cells, metric=np.full_like(cells.metric, len(metrics))))
                metrics.append(derived)
    return tuple(metrics), Cells.join(*parts)


@dataclass(frozen=True)
class _Pair:
    """Two metrics, of which ratios are made."""

    above: Cells
    """The numerator's; one that lacks either metric is without a value."""
    below: FloatArray
    """For each of them the denominator's sum."""
    trials: Groups
    """Of them, by treatment and trial."""
    total: FloatArray
    """The sum of `below` in each trial."""
    rate: FloatArray
    """The sum of `above` over it."""
    share: FloatArray
    """The number of values over it."""


def _pair(run: Run, numerator: Metric, denominator: Metric) -> _Pair:
    # the cells of a run are sorted, and so are those of one metric
    above, below = (_of_metric(run.cells, run.metrics.index(metric)) for metric in (numerator, denominator))
    wanted, known = _key(run, above), _key(run, below)
    at = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    is_scored = (known[at] == wanted) & (below.count[at] > 0) & (above.count > 0)
    cells = replace(above, count=is_scored.astype(np.int64), sum=above.sum * is_scored)
    sums = below.sum[at] * is_scored
    trials = Groups(cells.treatment * (cells.trial.max() + 1) + cells.trial)
    total = trials.add(sums)
    share = divide(trials.count(cells.count).astype(np.float64), total)
    return _Pair(cells, sums, trials, total, divide(trials.add(cells.sum), total), share)


def _of_metric(cells: Cells, metric: int) -> Cells:
    start, end = np.searchsorted(cells.metric, (metric, metric + 1)).tolist()
    return cells.take(slice(start, end))


def _key(run: Run, cells: Cells) -> IntArray:
    return (cells.treatment * run.n_trials + cells.trial) * len(run.instance_ids) + cells.instance


def _linearise(ratio: Ratio, pair: _Pair) -> Cells:
    spread = pair.trials.spread
    residual = pair.above.sum - spread(pair.rate) * pair.below
    linearised = spread(ratio.function(pair.rate)) + spread(ratio.slope(pair.rate) * pair.share) * residual
    return replace(pair.above, sum=linearised, min=linearised).take(spread(pair.total) > 0)
