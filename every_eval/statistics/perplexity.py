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

from every_eval.statistics.cells import Cells, Metric, Run
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
    for ratio in RATIOS:
        for metric in numerators:
            denominator, derived = metric._replace(name=ratio.denominator), metric._replace(name=ratio.name)
            if denominator in run.metrics and derived not in run.metrics:
                cells = _linearise(ratio, *_pair(run, run.metrics.index(metric), run.metrics.index(denominator)))
                parts.append(replace(cells, metric=np.full_like(cells.metric, len(metrics))))
                metrics.append(derived)
    return tuple(metrics), Cells.join(*parts)


def _pair(run: Run, numerator: int, denominator: int) -> tuple[Cells, FloatArray]:
    """The numerator's cells, and for each the denominator's sum; a cell that lacks either is without a value."""
    # the cells of a run are sorted, and so are those of one metric
    above, below = (_of_metric(run.cells, metric) for metric in (numerator, denominator))
    wanted, known = _key(run, above), _key(run, below)
    at = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    is_scored = (known[at] == wanted) & (below.count[at] > 0) & (above.count > 0)
    return replace(above, count=is_scored.astype(np.int64), sum=above.sum * is_scored), below.sum[at] * is_scored


def _of_metric(cells: Cells, metric: int) -> Cells:
    start, end = np.searchsorted(cells.metric, (metric, metric + 1)).tolist()
    return cells.take(slice(start, end))


def _key(run: Run, cells: Cells) -> IntArray:
    return (cells.treatment * run.n_trials + cells.trial) * len(run.instance_ids) + cells.instance


def _linearise(ratio: Ratio, above: Cells, below: FloatArray) -> Cells:
    groups = Groups(above.treatment * (above.trial.max() + 1) + above.trial)
    total = groups.add(below)
    rate = divide(groups.add(above.sum), total)
    per_instance = divide(groups.count(above.count).astype(np.float64), total)
    residual = above.sum - groups.spread(rate) * below
    linearised = groups.spread(ratio.function(rate)) + groups.spread(ratio.slope(rate) * per_instance) * residual
    return replace(above, sum=linearised, min=linearised).take(groups.spread(total) > 0)
