"""The value of each item of a statistic, such that the mean over the items is the statistic.

For a mean these are the item's scores. A statistic f(S / T) of two sums over items, such as perplexity, is no mean. The
share of an item with the parts s and t, one of n items, is f linearised at r = S / T:

    x = f(r) + f'(r) (s - r t) n / T

Its mean is f(r), and its spread gives the standard error of f(r): Cochran, Sampling Techniques, 3rd edition, section
2.11. The functions f of HELM and of lm-eval are few; the one that gives the statistic is taken.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from every_eval.scoring.responses.response_store import Responses
from every_eval.statistics.groups import FloatArray

_LN_2: Final = math.log(2)
CLOSENESS: Final = 1e-6
"""Relative difference up to which a function gives the statistic."""


class _Function(NamedTuple):
    """A function of a ratio of sums: factor x exp(-r) or factor x r."""

    factor: float
    is_exponential: bool

    def at(self, ratio: float) -> tuple[float, float]:
        """Return the value and the slope at a ratio; infinite where it does not fit into a float."""
        if not self.is_exponential:
            return self.factor * ratio, self.factor
        value = self.factor * float(np.exp(-ratio))
        return value, -value


_FUNCTIONS: Final = (_Function(1.0, False), _Function(1.0, True), _Function(-1 / _LN_2, False))
"""Means and log-probabilities per byte, perplexities, and bits per byte."""


def item_values(responses: Responses, statistic: float) -> FloatArray:
    """Return the value of each item, finite, whose mean is the statistic over the items that are there.

    Without a function that gives the statistic, the values are the scores as they are.

    Args:
        responses: Scores of a run on single items.
        statistic: Statistic of the run that they are behind.
    """
    is_ratio = bool(len(responses.denominator)) and bool(np.isfinite(responses.denominator).all())
    parts = (responses.numerator, responses.denominator) if is_ratio else (responses.value, None)
    above, below = parts[0], np.ones(len(parts[0])) if parts[1] is None else parts[1]
    total = float(below.sum())
    if not is_ratio and _is_close(float(above.sum()) / max(total, 1.0), statistic):
        return responses.value
    for function in _FUNCTIONS if total > 0 else ():
        ratio = float(above.sum()) / total
        with np.errstate(over="ignore"):
            value, slope = function.at(ratio)
        if _is_close(value, statistic):
            shares = value + slope * (above - ratio * below) * (len(above) / total)
            return shares if np.isfinite(shares).all() else responses.value
    return responses.value


def _is_close(value: float, statistic: float) -> bool:
    return math.isclose(value, statistic, rel_tol=CLOSENESS, abs_tol=1e-12)
