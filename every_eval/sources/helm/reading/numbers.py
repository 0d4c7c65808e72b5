"""Reading HELM's numbers, which can be absent, NaN, infinite, or too large to compute with."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from every_eval.sources.helm.reading.records import Number

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

LARGEST: Final = 1e150
"""Largest number that counts as finite: sums of the squares of larger numbers are infinite."""


def read_numbers(values: Sequence[Number | None]) -> tuple[Floats, Flags]:
    """Return the values, with NaN for those that are absent or not finite, and which of them are not finite."""
    numbers = np.fromiter(values, np.float64, len(values))  # NumPy reads null as NaN, and texts as Python does.
    is_odd = np.zeros(len(values), np.bool_)
    for place in np.flatnonzero(~(np.abs(numbers) <= LARGEST)).tolist():
        is_odd[place] = values[place] is not None
        numbers[place] = np.nan
    return numbers, is_odd
