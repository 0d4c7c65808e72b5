"""Null and NaN: a number that does not exist is null in a table, and NaN in an array."""

import math
from collections.abc import Sequence

import numpy as np

from every_eval.statistics.groups import FloatArray


def to_array(values: Sequence[float | None]) -> FloatArray:
    """Return numbers as an array of shape (numbers,), with NaN in place of null."""
    return np.array(values, np.float64)  # NumPy reads None as NaN.


def to_list(values: FloatArray) -> list[float | None]:
    """Return the numbers of an array of shape (numbers,), with null in place of NaN."""
    return [known(value) for value in values.tolist()]


def known(value: float) -> float | None:
    """Return the number; null if it is NaN."""
    return None if math.isnan(value) else float(value)
