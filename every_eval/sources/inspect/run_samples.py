"""What the statistics of a run need of its samples: scores, numbers of tokens and times, and what is missing."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from every_eval.sources.inspect.records import Header, Sample, Score
from every_eval.sources.inspect.sample_values import SampleValue
from every_eval.sources.inspect.statistics.comparison import needed_metadata
from every_eval.sources.inspect.statistics.run_scores import ScoredSample
from every_eval.sources.items import cluster
from every_eval.sources.judgement import Judgement

INSTANCE: Final = "\0instance_id"
"""Key in the metadata of a scored sample, beside those of clusters and groups, that holds its identifier."""


class RunSamples:
    """Samples of a run, as far as statistics need them."""

    def __init__(self, header: Header) -> None:
        """Start without samples of the log with this header."""
        results = header.written.get("results")
        self._needed = needed_metadata(results if isinstance(results, dict) else {})
        self.scored: list[ScoredSample] = []
        """Scores of the samples, in the order of the log."""
        self.resources: dict[str, list[tuple[str, float]]] = {}
        """Numbers of tokens and times by metric, each with its instance id."""
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

    def add(self, sample: Sample, scores: Mapping[str, Score], resources: Sequence[SampleValue]) -> None:
        """Add a sample with its scores and what it took."""
        stated = sample.metadata if isinstance(sample.metadata, dict) else {}
        metadata: dict[str, Any] = {name: stated[name] for name in self._needed if name in stated}
        metadata[INSTANCE] = sample.instance_id
        values = {scorer: score.value for scorer, score in scores.items()}
        has_error = sample.error is not None
        self.scored.append(ScoredSample(sample.id, sample.epoch, values, metadata, has_error))
        self.n_invalidated += sample.invalidation is not None
        for metric_name, number in resources:
            if number is not None and math.isfinite(number):
                self.resources.setdefault(metric_name, []).append((sample.instance_id, number))

    def add_judgements(self, judgements: Sequence[Judgement]) -> None:
        """Add the judgements of one sample."""
        self.judges |= {one.judge for one in judgements if one.judge is not None}
        self.n_judged += bool(judgements)
        self.n_unjudged += bool(judgements) and all(one.score is None for one in judgements)

    def clusters(self, key: str | None) -> dict[str, str]:
        """Return clusters by instance id, of the samples whose metadata has a value for `key`; none without a key."""
        stated = ((sample.id, sample.metadata.get(key)) for sample in self.scored) if key is not None else ()
        return {str(name): cluster(str(key), value) for name, value in stated if _is_name(value)}

    @cached_property
    def n_instances(self) -> int:
        """Number of different samples, each counted once for all epochs, once all are added."""
        return len({str(sample.id) for sample in self.scored})


def _is_name(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether Inspect takes a value of the metadata as the name of a cluster."""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
