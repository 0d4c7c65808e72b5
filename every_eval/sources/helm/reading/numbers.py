"""Numbers as HELM writes them: absent, or none that JSON knows."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from every_eval.sources.helm.reading.records import Number

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def read_numbers(values: Sequence[Number | None]) -> tuple[Floats, Flags]:
    """The values, NaN for what is not there, and which of those that are there are not finite."""
    numbers = np.fromiter(values, np.float64, len(values))  # NumPy reads null as NaN, and texts as Python does
    is_odd = np.zeros(len(values), np.bool_)
    for place in np.flatnonzero(~np.isfinite(numbers)).tolist():
        is_odd[place] = values[place] is not None
        numbers[place] = np.nan
    return numbers, is_odd
