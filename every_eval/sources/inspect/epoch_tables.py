"""Numbers of a run's scores by sample and epoch."""

from functools import cached_property

import numpy as np

from every_eval.sources.inspect.evaluation import ScoreName
from every_eval.sources.inspect.run_samples import RunSamples
from every_eval.sources.inspect.statistics.reliability import epoch_table
from every_eval.sources.inspect.statistics.run_scores import RunScores
from every_eval.statistics.groups import FloatArray, IntArray


class EpochTables:
    """Tables of the scores of one run; each table is computed once and kept."""

    def __init__(self, samples: RunSamples, scores: RunScores) -> None:
        """Make tables of `samples`, whose scores in Inspect's order are `scores`."""
        self._samples = samples
        self._scores = scores
        self._tables: dict[ScoreName, FloatArray] = {}

    def of(self, name: ScoreName) -> FloatArray:
        """Return the numbers of a score for the samples that are scored in every epoch, by sample and epoch."""
        if name not in self._tables:
            order = self._scores.order
            numbers = self._samples.scores[name][order]
            self._tables[name] = epoch_table(self._samples.instance_codes[order], self._epochs, numbers)
        return self._tables[name]

    @cached_property
    def _epochs(self) -> IntArray:
        return np.array([sample.epoch for sample in self._scores.samples], np.int64)
