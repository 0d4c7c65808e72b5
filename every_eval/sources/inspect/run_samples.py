"""What the statistics of a run need of its samples: scores, numbers of tokens and times, and what is missing."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np

from every_eval.sources.inspect.evaluation import ScoreName
from every_eval.sources.inspect.question import Question, digests
from every_eval.sources.inspect.records import Header, Sample
from every_eval.sources.inspect.sample_batch import SampleBatch
from every_eval.sources.inspect.sample_values import ValueTable
from every_eval.sources.inspect.statistics.comparison import needed_metadata
from every_eval.sources.inspect.statistics.run_scores import ScoredSample
from every_eval.sources.items import cluster
from every_eval.sources.judgement import Judgement
from every_eval.statistics.groups import FloatArray, IntArray

INSTANCE: Final = "\0instance_id"
"""Key in the metadata of a scored sample, beside those of clusters and groups, that holds its identifier."""


class RunSamples:
    """Samples of a run, as far as statistics need them."""

    def __init__(self, header: Header) -> None:
        """Start without samples of the log with this header."""
        results = header.written.get("results")
        self._needed = needed_metadata(results if isinstance(results, dict) else {})
        self._scores: dict[ScoreName, list[tuple[int, FloatArray]]] = {}
        self._resources: dict[str, list[tuple[int, FloatArray]]] = {}
        self.scored: list[ScoredSample] = []
        """Scores of the samples, in the order of the log."""
        self.instance_ids: list[str] = []
        """Identifier of each sample in `scored`."""
        self.items: dict[str, str] = {}
        """Digest of each sample's question by instance id; empty if no message is published."""
        self.judges: set[str] = set()
        """Models that judged samples."""
        self.n_judged = 0
        """Number of samples with a judgement."""
        self.n_unjudged = 0
        """Number of samples whose judgements have no score."""
        self.n_rejected = 0
        """Number of samples that could not be read."""
        self.n_invalidated = 0
        """Number of samples that somebody withdrew."""

    def add(self, batch: SampleBatch, values: ValueTable) -> None:
        """Add samples with their numbers."""
        n_scores = len(values.scores)
        for score, numbers in zip(values.scores, values.numbers.T, strict=False):
            self._scores.setdefault(score, []).append((len(self.scored), numbers))
        for name, numbers in zip(values.metric_names[n_scores:], values.numbers.T[n_scores:], strict=True):
            self._resources.setdefault(name, []).append((len(self.scored), numbers))
        self.instance_ids += batch.instance_ids
        for sample, instance_id, of_sample in zip(batch.samples, batch.instance_ids, batch.values, strict=True):
            metadata = self._metadata(sample, instance_id)
            self.scored.append(ScoredSample(sample.id, sample.epoch, of_sample, metadata, sample.error is not None))
            self.n_invalidated += sample.invalidation is not None

    def _metadata(self, sample: Sample, instance_id: str) -> Mapping[str, Any]:
        if not self._needed or not isinstance(sample.metadata, dict):
            return {INSTANCE: instance_id}
        stated = {name: sample.metadata[name] for name in self._needed if name in sample.metadata}
        return {**stated, INSTANCE: instance_id}

    def add_questions(self, batch: SampleBatch, questions: Sequence[Question]) -> None:
        """Add the questions of samples; that of the first epoch stands for all epochs of a sample."""
        found = zip(batch.instance_ids, questions, strict=True)
        stated = [(name, question) for name, question in found if question.full_text and name not in self.items]
        new = dict(reversed(stated))  # In reverse, so that the first question of an instance stays.
        self.items |= zip(new, digests(new.values()), strict=True)

    def add_judgements(self, by_sample: Sequence[Sequence[Judgement]]) -> None:
        """Add the judgements of samples."""
        for judgements in filter(None, by_sample):
            self.judges |= {one.judge for one in judgements if one.judge is not None}
            self.n_judged += 1
            self.n_unjudged += all(one.score is None for one in judgements)

    @cached_property
    def scores(self) -> Mapping[ScoreName, FloatArray]:
        """Numbers of each score by sample, NaN for a sample that is unscored, once all samples are added."""
        return {score: self._joined(parts) for score, parts in self._scores.items()}

    @cached_property
    def resources(self) -> Mapping[str, FloatArray]:
        """Numbers of tokens and times by metric and sample, NaN where not stated, once all samples are added."""
        return {name: self._joined(parts) for name, parts in self._resources.items()}

    def _joined(self, parts: Sequence[tuple[int, FloatArray]]) -> FloatArray:
        numbers = np.full(len(self.scored), np.nan)
        for start, part in parts:
            numbers[start : start + len(part)] = part
        return numbers

    @cached_property
    def instances(self) -> Mapping[str, int]:
        """Number of each instance, in the order of their first samples, once all samples are added."""
        return {name: place for place, name in enumerate(dict.fromkeys(self.instance_ids))}

    @cached_property
    def instance_codes(self) -> IntArray:
        """Number of each sample's instance, once all samples are added."""
        return np.array([self.instances[name] for name in self.instance_ids], np.int64)

    @cached_property
    def sorted_codes(self) -> IntArray:
        """Position of each sample's instance among the sorted identifiers, once all samples are added."""
        names = list(self.instances)
        places = np.empty(len(names), np.int64)
        places[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        return places[self.instance_codes]

    def clusters(self, key: str | None) -> dict[str, str]:
        """Return clusters by instance id, of the samples whose metadata has a value for `key`; none without a key."""
        stated = ((sample.id, sample.metadata.get(key)) for sample in self.scored) if key is not None else ()
        return {str(name): cluster(str(key), value) for name, value in stated if _is_name(value)}

    @cached_property
    def n_instances(self) -> int:
        """Number of different samples, each counted once for all epochs, once all are added."""
        return len(self.instances)


def _is_name(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether Inspect takes a value of the metadata as the name of a cluster."""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
