"""Numbers of samples, in columns: scores, tokens, cost, time and turns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from every_eval.sources.inspect.evaluation import Evaluation, ScoreName
from every_eval.sources.inspect.records import Sample, SampleScores, Score, is_number
from every_eval.sources.inspect.sample_batch import SampleBatch
from every_eval.sources.inspect.statistics.values import elements, published_number
from every_eval.statistics.groups import BoolArray, FloatArray

_TOKENS: Final = (
    *("input_tokens", "output_tokens", "total_tokens", "input_tokens_cache_read", "input_tokens_cache_write"),
    *("reasoning_tokens", "total_cost"),
)
"""What a model used, by Inspect's names: tokens, and the cost in US dollars."""
OTHER_TOKENS: Final = "other_models_total_tokens"
"""Tokens of all models other than the evaluated one, for example of graders."""
_NUMBERS: Final = {int, float, type(None)}
_SCALARS: Final = {int, float, bool, str, type(None)}

_Cells = tuple[int, list[int], Sequence[float | None]]
"""Column of a score, positions of samples, and the numbers of these samples; null for an unscored sample."""


@dataclass(frozen=True, slots=True)
class ValueTable:
    """Numbers of a batch of samples, of shape (samples, metrics)."""

    metric_names: Sequence[str]
    numbers: FloatArray
    """Number that Inspect counts; NaN if the sample is unscored, or has no such number."""
    is_stated: BoolArray
    """Whether a sample has the number, or is unscored."""
    scores: Sequence[ScoreName]
    """Scores of the first metrics; the further metrics are what the answers took."""

    def column(self, metric_name: str | None) -> FloatArray | None:
        """Return the numbers of a metric; null if no sample has the metric."""
        places = [place for place, name in enumerate(self.metric_names) if name == metric_name]
        return self.numbers[:, places[0]] if places else None


class ValueReader:
    """Reads the numbers of the samples of one run. Metrics are in the order in which the log first names them."""

    def __init__(self, evaluation: Evaluation) -> None:
        """Prepare to read samples of `evaluation`; no metric is known yet."""
        self._evaluation = evaluation
        self._columns: dict[tuple[str, str | None], int] = {}

    def read(self, batch: SampleBatch) -> ValueTable:
        """Return the numbers of samples."""
        numbers, is_stated = self._scores(batch)
        resources = dict(resource_columns(batch.samples, self._evaluation.header.eval.model))
        scores = [ScoreName(scorer, key) for scorer, key in self._columns]
        names = [self._evaluation.value_name(scorer, key) for scorer, key in self._columns]
        taken = np.array([*resources.values()]).reshape(len(resources), len(batch.samples)).T
        return ValueTable(
            [*names, *resources], np.hstack([numbers, taken]), np.hstack([is_stated, ~np.isnan(taken)]), scores
        )

    def _scores(self, batch: SampleBatch) -> tuple[FloatArray, BoolArray]:
        by_scorer: dict[str, tuple[list[int], list[Any]]] = {}
        for row, values in enumerate(batch.values):
            for scorer, value in values.items():
                rows, of_scorer = by_scorer.setdefault(scorer, ([], []))
                rows.append(row)
                of_scorer.append(value)
        cells = [cell for scorer, found in by_scorer.items() for cell in self._cells(scorer, *found)]
        numbers = np.full((len(batch.samples), len(self._columns)), np.nan)
        is_stated = np.zeros(numbers.shape, np.bool_)
        for column, rows, of_column in cells:
            numbers[rows, column] = np.array(of_column, np.float64)
            is_stated[rows, column] = True
        return numbers, is_stated

    def _cells(self, scorer: str, rows: list[int], values: list[Any]) -> Iterator[_Cells]:
        """Yield the numbers of a scorer's values, each element of an object or a list by itself; null if unscored."""
        keys = self._evaluation.keys.get(scorer, [])
        if not keys and _SCALARS.issuperset(map(type, values)):
            known = {value: published_number(value) for value in set(values)}  # Most values are grades.
            yield self._column(scorer, None), rows, [known[value] for value in values]
            return
        by_key: dict[str | None, tuple[list[int], list[float | None]]] = {}
        for row, value in zip(rows, values, strict=True):
            for key, number in _elements(value, keys):
                of_key = by_key.setdefault(key, ([], []))
                of_key[0].append(row)
                of_key[1].append(number)
        for key, (of_key_rows, numbers) in by_key.items():
            yield self._column(scorer, key), of_key_rows, numbers

    def _column(self, scorer: str, key: str | None) -> int:
        return self._columns.setdefault((scorer, key), len(self._columns))


def _elements(value: Any, keys: Sequence[str]) -> Iterable[tuple[str | None, float | None]]:  # noqa: ANN401
    """Return the numbers of a value by key; of a whole value that is unscored, null for each of the scorer's keys."""
    if isinstance(value, dict | list):
        return [(key, published_number(item, is_element=True)) for key, item in elements(value).items()]
    number = published_number(value)
    return [(key, None) for key in keys] if keys and number is None else [(None, number)]


def scores_of(sample: SampleScores, evaluation: Evaluation) -> Mapping[str, Score]:
    """Return the scores of a sample by scorer; the oldest logs have one score and do not name it in the sample."""
    if sample.scores is None and sample.score is not None:
        return {next((score.name for score in evaluation.scores), "score"): sample.score}
    return sample.scores or {}


def resource_columns(samples: Sequence[Sample], model: str) -> Iterator[tuple[str, FloatArray]]:
    """Yield what the answers of a model, named as Inspect names it, took: tokens, cost, time and turns.

    A column has NaN for samples that do not state the number; columns without a number are left out.
    """
    usages = [sample.model_usage if isinstance(sample.model_usage, dict) else {} for sample in samples]
    # Inspect names the evaluated model in the usage as in the header; other models are graders or helpers.
    own = [_object(usage.get(model)) for usage in usages]
    stated: dict[str, list[Any]] = {name: [usage.get(name) for usage in own] for name in _TOKENS}
    stated[OTHER_TOKENS] = [_total_of_others(usage, model) for usage in usages]
    for name in ("total_time", "working_time", "turn_count"):
        stated[name] = [getattr(sample, name) for sample in samples]
    retries = (sample.error_retries for sample in samples)
    stated["error_retries"] = [len(each) if isinstance(each, list) else None for each in retries]
    for name, values in stated.items():
        if (numbers := _column(values)) is not None:
            yield name, numbers


def _total_of_others(usage: Mapping[str, Any], model: str) -> float | None:
    if not usage or (len(usage) == 1 and model in usage):
        return None
    others = [item.get("total_tokens") for name, item in usage.items() if name != model and isinstance(item, dict)]
    return sum(item for item in others if is_number(item)) if others else None


def _column(values: Sequence[Any]) -> FloatArray | None:
    """Return values as numbers, NaN for a value that is none; null if no value is a number."""
    kinds = set(map(type, values))
    if kinds == {type(None)}:
        return None
    try:
        numbers = np.array(values, np.float64) if kinds <= _NUMBERS else None
    except OverflowError:  # A whole number that no float holds.
        numbers = None
    if numbers is None:
        numbers = np.array([value if is_number(value) else None for value in values], np.float64)
    return None if np.isnan(numbers).all() else numbers


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}
