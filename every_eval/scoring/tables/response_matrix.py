"""The values of several runs on the same items, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from every_eval.statistics.groups import FloatArray, IntArray

Answers = tuple[IntArray, FloatArray]
"""Numbers of items, in ascending order and without duplicates, and the value of each item."""


@dataclass(frozen=True)
class ResponseMatrix:
    """Values by item and run."""

    items: IntArray
    """Number of each item, in ascending order."""
    values: FloatArray
    """Values of shape (items, runs); NaN where a run has none."""

    @classmethod
    def of(cls, answers: Sequence[Answers]) -> "ResponseMatrix":
        """Put the answers of runs side by side."""
        items = np.unique(np.concatenate([np.zeros(0, np.int64), *(numbers for numbers, _ in answers)]))
        values = np.full((len(items), len(answers)), np.nan)
        for column, (numbers, found) in enumerate(answers):
            values[np.searchsorted(items, numbers), column] = found
        return cls(items, values)


def average(numbers: IntArray, values: FloatArray) -> Answers:
    """Return the mean value of each number."""
    items, position, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return items, np.bincount(position, values, len(items)) / counts
