"""Make the rows of the table `item_scores`: the main metrics of a run on each sample, the mean over its epochs."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.sources.columns import build_table, dictionary_array, only_finite
from every_eval.sources.inspect.completeness import unscored_reason
from every_eval.sources.inspect.evaluation import AVERAGES, Evaluation, ScoreName, cluster_key, metric_name, score_name
from every_eval.sources.inspect.records import ReportedScore
from every_eval.sources.inspect.run_samples import RunSamples
from every_eval.sources.source import Run
from every_eval.statistics.groups import FloatArray, IntArray, divide


def item_scores_table(evaluation: Evaluation, run: Run, samples: RunSamples) -> pa.Table:
    """Return the rows of a run; none if its scores are not those of the whole evaluation.

    Only averages of scores are defined for a single sample, so that other main metrics have no rows.
    """
    scores = dict(_averages(evaluation))
    if not scores or unscored_reason(evaluation, samples) is not None:
        return ITEM_SCORES.empty
    instances = list(samples.instances)
    of_metrics = [_means(samples, score_name(score)) for score in scores.values()]
    clusters = [samples.clusters(cluster_key(score)) for score in scores.values()]
    means, counts = (np.concatenate(each) for each in zip(*of_metrics, strict=True))
    columns = {
        "metric_name": dictionary_array(np.repeat(np.arange(len(scores)), len(instances)), list(scores)),
        "instance_id": instances * len(scores),
        "item": [samples.items.get(instance) for instance in instances] * len(scores),
        "cluster": [of_metric.get(instance) for of_metric in clusters for instance in instances],
        "value": only_finite(means),
        "n_trials": counts,
    }
    unstated = dict.fromkeys(("numerator", "denominator"))
    return build_table(ITEM_SCORES, len(means), columns, {**evaluation.shared(run), **unstated})


def _averages(evaluation: Evaluation) -> Iterator[tuple[str, ReportedScore]]:
    """Yield the main metrics that are means over samples and epochs, with their scores."""
    for score in evaluation.scores:
        for metric in AVERAGES:
            name = metric_name(score, metric)
            if metric in score.metrics and score.reducer in (None, "mean") and name in evaluation.main_metrics:
                yield name, score


def _means(samples: RunSamples, name: ScoreName) -> tuple[FloatArray, IntArray]:
    """Return the mean of a score over the epochs of each instance, and in how many epochs the instance is scored."""
    numbers = samples.scores.get(name, np.full(len(samples.scored), np.nan))
    is_scored = ~np.isnan(numbers)
    codes, n_instances = samples.instance_codes[is_scored], len(samples.instances)
    counts = np.bincount(codes, minlength=n_instances)
    # Adds one number after the other, in the order of the log, so that sums are the same with every version of Python.
    sums = np.bincount(codes, numbers[is_scored], n_instances).astype(np.float64, copy=False)
    return divide(sums, counts), counts
