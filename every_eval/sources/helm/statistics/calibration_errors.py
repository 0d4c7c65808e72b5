"""Expected calibration errors, which HELM computes on all outputs of a trial and a context (split, perturbation).

As in HELM's `compute_calibration_metrics` (metrics/basic_metrics.py), the probability of an output is `max_prob`, and
the output is correct if its `exact_match` is 1. A trial has no error where no `logprob` is below 0, since the model
then states no probabilities. A version of HELM that lacks this rule reports an error there, which is not compared.

An error is no mean over outputs, and it is biased upwards where bins are small. So it has no spread and no interval.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from every_eval.sources.helm.statistics.metric_values import Metric, MetricValues, RunMetrics, TrialSums
from every_eval.statistics.calibration import calibration_error
from every_eval.statistics.groups import FloatArray, Groups

CORRECT, PROBABILITY, LOGPROB = "exact_match", "max_prob", "logprob"
PARTS: Final = frozenset({CORRECT, PROBABILITY, LOGPROB})
"""The metrics that the errors are computed from."""
N_BINS: Final[Mapping[str, int]] = {"ece_1_bin": 1, "ece_10_bin": 10}
"""Number of bins of each error."""

_AXES = ("treatment", "trial", "instance")
_TRIAL = ("treatment", "trial")


def derive_calibration_errors(run: RunMetrics) -> RunMetrics:
    """Return the run with the errors appended to its metrics, and only the values of the errors.

    An error is not derived if the run measured a metric of the same name.
    """
    metrics = list(run.metrics)
    parts, trials = [run.values.take(slice(0))], [run.trials.take(slice(0))]
    for correct in (metric for metric in run.metrics if metric.name == CORRECT):
        if {correct._replace(name=name) for name in PARTS} <= {*run.metrics}:
            answers = _answers(run, correct)
            for name, n_bins in N_BINS.items():
                derived = correct._replace(name=name)
                for values, over_trial in _errors(run, answers, n_bins) if derived not in run.metrics else ():
                    parts.append(replace(values, metric=np.full_like(values.metric, len(metrics))))
                    trials.append(replace(over_trial, metric=np.full_like(over_trial.metric, len(metrics))))
                metrics.append(derived)
    return replace(run, metrics=tuple(metrics), values=MetricValues.join(*parts), trials=TrialSums.join(*trials))


def _answers(run: RunMetrics, correct: Metric) -> MetricValues:
    """Return an element for each output that states a probability: the sum is the probability, and min is 1 if correct.

    The count is 1 if both metrics have a value.
    """
    probability, match, logprob = (
        run.values.take(run.values.metric == run.metrics.index(correct._replace(name=name)))
        for name in (PROBABILITY, CORRECT, LOGPROB)
    )
    stating = np.unique(run.keys(logprob.take((logprob.count > 0) & (logprob.sum < 0)), _TRIAL))
    probability = probability.take(np.isin(run.keys(probability, _TRIAL), stating))
    shared = np.intersect1d(run.keys(probability, _AXES), run.keys(match, _AXES), True, return_indices=True)
    probability, match = probability.take(shared[1]), match.take(shared[2])
    is_scored = (probability.count > 0) & (match.count > 0)
    return replace(
        probability,
        count=is_scored.astype(np.int64),
        sum=np.where(is_scored, probability.sum / np.maximum(probability.count, 1), 0.0),
        min=np.trunc(match.sum / np.maximum(match.count, 1)),
        odd=((probability.odd > 0) | (match.odd > 0)).astype(np.int64),
    )


def _errors(run: RunMetrics, answers: MetricValues, n_bins: int) -> Iterator[tuple[MetricValues, TrialSums]]:
    """Yield for each trial its answers, whose values are undefined, and the error."""
    trials = Groups(run.keys(answers, _TRIAL))
    ends = np.cumsum(trials.sizes).tolist()
    for start, end in zip([0, *ends], ends, strict=False):
        of_trial = answers.take(slice(start, end))
        scored = of_trial.take(of_trial.count > 0)
        if not len(scored.sum) or not (_are_shares(scored.sum) and _are_shares(scored.min)):  # HELM computes nothing.
            continue
        undefined, one = np.full(len(of_trial.sum), np.nan), of_trial.take(slice(1))
        error = np.array([calibration_error(scored.sum, scored.min == 1, n_bins)])
        yield (
            replace(of_trial, sum=undefined, min=undefined),
            TrialSums(one.metric, one.treatment, one.trial, np.ones(1, np.int64), error),
        )


def _are_shares(values: FloatArray) -> bool:
    return bool(((values >= 0) & (values <= 1)).all())
