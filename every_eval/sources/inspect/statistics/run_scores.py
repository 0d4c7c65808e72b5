"""Scores of a log's samples, in Inspect's order, with the epochs of each sample reduced to one score.

As `reduce_scores`, `scorer_for_metrics` and `scorers_from_metric_dict` in `inspect_ai/_eval/task/results.py` do it: the
epochs of a sample are joined by the text of its identifier, and scores that are NaN are left out of every metric.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from every_eval.sources.inspect.statistics.derivable import NotDerivable
from every_eval.sources.inspect.statistics.metrics import Score, Scores
from every_eval.sources.inspect.statistics.reducers import reducer_of
from every_eval.sources.inspect.statistics.values import elements, is_nan, is_unclear, is_unscored

NAN: Final = float("nan")


class ScoredSample(Struct, frozen=True):
    """What the metrics of a log need of one sample in one epoch."""

    id: str | int
    """Identifier of the sample. As in Inspect, 1 and "1" are the same sample."""
    epoch: int
    """Number of the epoch, from 1."""
    values: Mapping[str, Any] = {}
    """Value by scorer, as in the log; empty if the sample has no scores."""
    metadata: Mapping[str, Any] = {}
    """Metadata of the sample; only the keys that `needed_metadata` of the log names are used."""
    has_error: bool = False
    """Whether the sample ended with an error."""


class RunScores:
    """Scores of the samples of one log."""

    def __init__(self, samples: Sequence[ScoredSample], sample_ids: Sequence[str | int] | None = None) -> None:
        """Put the samples into Inspect's order: by epoch, and within an epoch in the order of the dataset.

        Args:
            samples: Samples of the log, each epoch of a sample once.
            sample_ids: Identifiers in the order of the dataset; null if unknown, for the order of `samples`.
        """
        places: dict[str, int] = {}
        for name in (*(sample_ids or ()), *(sample.id for sample in samples)):
            places.setdefault(str(name), len(places))
        keys = [(sample.epoch, places[str(sample.id)]) for sample in samples]
        self.order = sorted(range(len(keys)), key=keys.__getitem__)
        """Positions in `samples`, in Inspect's order."""
        self.samples = [samples[position] for position in self.order]
        """Samples in Inspect's order."""
        self._reduced: dict[tuple[str, str | None, bool], list[Score]] = {}
        self._known: dict[tuple[str, str | None, str | None, bool], Scores] = {}

    def scored(self, scorer: str, key: str | None, reducer: str | None, n_stated: int | None = None) -> Scores:
        """Return the scores that a metric counts.

        Args:
            scorer: Name of the scorer.
            key: Key of the scorer's objects, or position in its lists; null for the whole value.
            reducer: Name of the epoch reducer; null to count each epoch.
            n_stated: Number of scores that Inspect counted; null if unknown.

        Raises:
            NotDerivable: The reducer is not Inspect's own, a score lacks the key, or Inspect counted another number.
        """
        # Versions before 0.3.253 wrote a NaN in an object as null, which Inspect counted as unscored.
        for is_null_nan in (False,) if key is None else (False, True):
            scores = self._counted(scorer, key, reducer, is_null_nan)
            if n_stated is None or len(scores) == n_stated:
                return scores
        raise NotDerivable(f"Inspect counted {n_stated} scores, and the samples of the log give {len(scores)}")

    def _counted(self, scorer: str, key: str | None, reducer: str | None, is_null_nan: bool) -> Scores:
        place = (scorer, key, reducer, is_null_nan)
        if place not in self._known:
            self._known[place] = Scores(_counted(self._scores(scorer, reducer, is_null_nan), key))
        return self._known[place]

    def has_unclear(self, scorer: str) -> bool:
        """Tell whether a score has a value, or an element, that versions of Inspect count in different ways."""
        values = (sample.values[scorer] for sample in self.samples if scorer in sample.values)
        return any(is_unclear(element) for value in values for element in elements(value).values())

    def _scores(self, scorer: str, reducer: str | None, is_null_nan: bool) -> list[Score]:
        place = (scorer, reducer, is_null_nan)
        if place not in self._reduced:
            samples = [sample for sample in self.samples if scorer in sample.values]
            values = [sample.values[scorer] for sample in samples]
            self._reduced[place] = _reduce(samples, [*map(_with_nan, values)] if is_null_nan else values, reducer)
        return self._reduced[place]


def _reduce(samples: Sequence[ScoredSample], values: Sequence[Any], reducer: str | None) -> list[Score]:
    if reducer is None:
        return [Score(value, sample.metadata) for sample, value in zip(samples, values, strict=True)]
    reduce = reducer_of(reducer)
    epochs: dict[str, list[Any]] = {}
    first: list[ScoredSample] = []
    for sample, value in zip(samples, values, strict=True):
        name = str(sample.id)
        if name in epochs:
            epochs[name].append(value)
        else:
            epochs[name] = [value]
            first.append(sample)
    known: dict[tuple[str, ...], Any] = {}  # Most values are grades, of which a few combinations occur.

    def reduced(of_sample: Sequence[Any]) -> Any:  # noqa: ANN401 - any JSON value
        if set(map(type, of_sample)) != {str}:
            return reduce(of_sample)
        combination = tuple(of_sample)
        if combination not in known:
            known[combination] = reduce(of_sample)
        return known[combination]

    return [
        Score(reduced(of_sample), sample.metadata) for of_sample, sample in zip(epochs.values(), first, strict=True)
    ]


def _counted(scores: Sequence[Score], key: str | None) -> Iterator[Score]:
    for score in scores:
        if is_unscored(score.value):
            continue
        if key is None:
            yield score
            continue
        of_score = elements(score.value)
        if key not in of_score:
            raise NotDerivable(f"a score has no key {key!r}")
        if not is_nan(of_score[key]):
            yield Score(of_score[key], score.metadata)


def _with_nan(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return {key: NAN if each is None else each for key, each in value.items()} if isinstance(value, dict) else value
