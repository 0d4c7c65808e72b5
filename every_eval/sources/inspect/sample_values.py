"""Numbers of a sample: those of its scores, and what the answer took."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.records import Sample, Score, is_number
from every_eval.sources.inspect.statistics.values import elements, is_unscored, published_number

_TOKENS: Final = (
    *("input_tokens", "output_tokens", "total_tokens", "input_tokens_cache_read", "input_tokens_cache_write"),
    *("reasoning_tokens", "total_cost"),
)
"""What a model used, by Inspect's names: tokens, and the cost in US dollars."""
OTHER_TOKENS: Final = "other_models_total_tokens"
"""Tokens of all models other than the evaluated one, for example of graders."""


class SampleValue(NamedTuple):
    """One number of a sample."""

    metric_name: str
    number: float | None
    """Number that Inspect counts; null if the sample is unscored."""


def scores_of(sample: Sample, evaluation: Evaluation) -> Mapping[str, Score]:
    """Return the scores of a sample by scorer; the oldest logs have one score and do not name it in the sample."""
    if sample.scores is None and sample.score is not None:
        return {next((score.name for score in evaluation.scores), "score"): sample.score}
    return sample.scores or {}


def score_values(scores: Mapping[str, Score], evaluation: Evaluation) -> Iterator[SampleValue]:
    """Return the numbers of a sample's scores, each element of an object or a list by itself."""
    for scorer, score in scores.items():
        keys = evaluation.keys.get(scorer)
        if keys and is_unscored(score.value):
            yield from (SampleValue(evaluation.value_name(scorer, key), None) for key in keys)
            continue
        for key, value in elements(score.value).items():
            number = published_number(value, is_element=key is not None)
            yield SampleValue(evaluation.value_name(scorer, key), number)


def resource_values(sample: Sample, model: str) -> list[SampleValue]:
    """Return what the answer of a model, named as Inspect names it, took: tokens, cost, time and turns."""
    usage = sample.model_usage if isinstance(sample.model_usage, dict) else {}
    # Inspect names the evaluated model in the usage as in the header; other models are graders or helpers.
    own = usage.get(model)
    stated = [(name, own.get(name)) for name in _TOKENS] if isinstance(own, dict) else []
    others = [item.get("total_tokens") for name, item in usage.items() if name != model and isinstance(item, dict)]
    if others:
        stated.append((OTHER_TOKENS, sum(item for item in others if is_number(item))))
    stated += [("total_time", sample.total_time), ("working_time", sample.working_time)]
    stated.append(("turn_count", sample.turn_count))
    if isinstance(sample.error_retries, list):
        stated.append(("error_retries", len(sample.error_retries)))
    return [SampleValue(name, float(value)) for name, value in stated if is_number(value)]
