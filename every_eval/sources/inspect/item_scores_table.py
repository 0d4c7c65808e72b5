"""Make the rows of the table `item_scores`: the main metrics of a run on each sample, the mean over its epochs."""

import math
from collections.abc import Iterator

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.sources.columns import build_table
from every_eval.sources.inspect.completeness import unscored_reason
from every_eval.sources.inspect.evaluation import AVERAGES, Evaluation, ScoreName, cluster_key, metric_name, score_name
from every_eval.sources.inspect.records import ReportedScore
from every_eval.sources.inspect.run_samples import RunSamples
from every_eval.sources.inspect.statistics.values import published_number
from every_eval.sources.source import Run


def item_scores_table(evaluation: Evaluation, run: Run, samples: RunSamples) -> pa.Table:
    """Return the rows of a run; none if its scores are not those of the whole evaluation.

    Only averages of scores are defined for a single sample, so that other main metrics have no rows.
    """
    if unscored_reason(evaluation, samples) is not None:
        return ITEM_SCORES.empty
    scores = dict(_averages(evaluation))
    found = [
        (metric, instance, numbers)
        for metric, score in scores.items()
        for instance, numbers in _numbers(samples, score_name(score)).items()
    ]
    clusters = {metric: samples.clusters(cluster_key(score)) for metric, score in scores.items()}
    columns = {
        "metric_name": [metric for metric, _, _ in found],
        "instance_id": [instance for _, instance, _ in found],
        "item": [samples.items.get(instance) for _, instance, _ in found],
        "cluster": [clusters[metric].get(instance) for metric, instance, _ in found],
        "value": [_mean(numbers) for _, _, numbers in found],
        "n_trials": [len(numbers) for _, _, numbers in found],
    }
    unstated = dict.fromkeys(("numerator", "denominator"))
    return build_table(ITEM_SCORES, len(found), columns, {**evaluation.shared(run), **unstated})


def _averages(evaluation: Evaluation) -> Iterator[tuple[str, ReportedScore]]:
    """Yield the main metrics that are means over samples and epochs, with their scores."""
    for score in evaluation.scores:
        for metric in AVERAGES:
            name = metric_name(score, metric)
            if metric in score.metrics and score.reducer in (None, "mean") and name in evaluation.main_metrics:
                yield name, score


def _numbers(samples: RunSamples, name: ScoreName) -> dict[str, list[float]]:
    """Return the numbers of a score in all epochs of each sample; none for a sample that is unscored."""
    found: dict[str, list[float]] = {}
    for sample in samples.scored:
        numbers = found.setdefault(str(sample.id), [])
        value = sample.values.get(name.scorer)
        if name.key is not None:
            value = value.get(name.key, math.nan) if isinstance(value, dict) else math.nan
        number = published_number(value, is_element=name.key is not None)
        if number is not None:
            numbers.append(number)
    return found


def _mean(numbers: list[float]) -> float | None:
    mean = sum(numbers) / len(numbers) if numbers else math.nan
    return mean if math.isfinite(mean) else None
