"""Samples of a log that become one piece of rows."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from every_eval.sources.inspect.log_json import restore
from every_eval.sources.inspect.records import Sample, Score
from every_eval.sources.source import Reject


class SampleBatch:
    """Samples in the order of the log, in columns of equal length, and what could not be read between them."""

    def __init__(self) -> None:
        """Start without samples."""
        self.samples: list[Sample] = []
        self.places: list[str] = []
        """Where the log holds each sample: a member of the zip file, or a JSON path."""
        self.occurrences: list[int] = []
        """Number, from 0, of each sample among the samples of the run with the same identifier and epoch."""
        self.scores: list[Mapping[str, Score]] = []
        """Scores of each sample by scorer."""
        self._rejects: list[tuple[int, int, Reject]] = []

    def add(self, sample: Sample, place: str, occurrence: int, scores: Mapping[str, Score]) -> None:
        """Add a sample."""
        self.samples.append(sample)
        self.places.append(place)
        self.occurrences.append(occurrence)
        self.scores.append(scores)

    def reject(self, reject: Reject, row: int | None = None) -> None:
        """Add a reject.

        Args:
            reject: What could not be read.
            row: Position in the batch of the sample that the reject belongs to; null if a sample is missing because of
                it, which would be the next one.
        """
        place = (len(self.samples), 0) if row is None else (row, 1)
        self._rejects.append((*place, reject))

    @property
    def rejects(self) -> list[Reject]:
        """What could not be read, in the order of the log."""
        return [reject for _, _, reject in sorted(self._rejects, key=lambda item: item[:2])]

    @cached_property
    def instance_ids(self) -> list[str]:
        """Identifier of each sample as text: Inspect treats 1 and "1" as the same sample."""
        return [str(sample.id) for sample in self.samples]

    @cached_property
    def trials(self) -> list[int]:
        """Epoch of each sample, counted from 0."""
        return [sample.epoch - 1 for sample in self.samples]

    @cached_property
    def values(self) -> list[Mapping[str, Any]]:
        """Value of each score by scorer, in which NaN is a number."""
        return [{scorer: restore(score.value) for scorer, score in scores.items()} for scores in self.scores]
