"""Reduce the values of a sample's epochs to one value, as Inspect's epoch reducers do.

The rules are those of `inspect_ai/scorer/_reducer/reducer.py`, version 0.3.285: an epoch whose value is NaN is left
out; objects are reduced key by key, and lists position by position; `mode`, `max` and `majority` return one of the
values unchanged, and all others a number.
"""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from every_eval.sources.inspect.statistics.derivable import NotDerivable, parse_reducer
from every_eval.sources.inspect.statistics.values import to_float

SUCCESS: Final = 1.0
"""Smallest value that counts as a success. A task can set another threshold, which its log does not record."""
HAS_THRESHOLD: Final = frozenset({"pass_at", "pass_k", "at_least"})
"""Reducers that count successes."""

Reducer = Callable[[Sequence[Any]], Any]
_ReduceElements = Callable[[Sequence[Any], int], Any]
"""Function of the epochs' elements without NaN, at least one of them, and of the number of epochs."""


def reducer_of(name: str) -> Reducer:
    """Return the reducer of a name as the log writes it, such as "mean" or "pass_at_2".

    The reducer takes the values of a sample's epochs, in the order of the epochs, and returns NaN if none is scored.
    It raises `NotDerivable` if the epochs have values of different shapes, which Inspect does not reduce either.

    Raises:
        NotDerivable: The reducer is not Inspect's own.
    """
    function, k = parse_reducer(name)
    return partial(_reduce, _PLAIN[function] if k is None else partial(_COUNTING[function], k))


@cache
def pass_at_k(n: int, n_passed: int, k: int) -> float:
    """Return the estimated probability that at least one of k attempts succeeds; NaN for fewer than k attempts.

    1 - C(n - c, k) / C(n, k), with c of n attempts successes: Chen et al., Evaluating Large Language Models Trained on
    Code (2021), equation 1, multiplied out as in its numerically stable form.
    """
    if n < k:
        return math.nan
    n_failed = n - n_passed
    return 1.0 if n_failed < k else 1.0 - float(np.prod(1.0 - k / np.arange(n_failed + 1, n + 1)))


def pass_hat_k(n: int, n_passed: int, k: int) -> float:
    """Return the estimated probability that all of k attempts succeed; NaN for fewer than k attempts.

    C(c, k) / C(n, k), with c of n attempts successes: pass^k of Yao et al., τ-bench (2024), section 3.
    """
    return math.nan if n < k else math.comb(n_passed, k) / math.comb(n, k)


def _reduce(reduce_elements: _ReduceElements, values: Sequence[Any]) -> Any:  # noqa: ANN401 - any JSON value
    scored = [value for value in _without_nan(values) if value is not None]
    if not scored:
        return math.nan

    def reduce_known(of_epochs: Sequence[Any]) -> Any:  # noqa: ANN401 - any JSON value
        known = _without_nan(of_epochs)
        return reduce_elements(known, len(values)) if known else math.nan

    first = scored[0]
    if isinstance(first, dict):
        _check_shapes(all(isinstance(value, dict) and value.keys() == first.keys() for value in scored))
        return {key: reduce_known([value[key] for value in scored]) for key in first}
    if isinstance(first, list):
        _check_shapes(all(isinstance(value, list) and len(value) == len(first) for value in scored))
        return [reduce_known(at_position) for at_position in zip(*scored, strict=True)]
    _check_shapes(not any(isinstance(value, dict | list) for value in scored))
    return reduce_known(scored)


def _without_nan(values: Sequence[Any]) -> list[Any]:
    # The test of `is_nan`, without a call for each of many values.
    return [value for value in values if not isinstance(value, float) or value == value]


def _check_shapes(are_equal: bool) -> None:
    if not are_equal:
        raise NotDerivable("the epochs of a sample have values of different shapes")


def _mean(values: Sequence[Any], _: int) -> float:
    numbers = [*map(to_float, values)]
    # As `statistics.mean`, the exact mean rounded once, but without fractions: ten times as fast.
    try:
        ratios = [number.as_integer_ratio() for number in numbers]
    except (OverflowError, ValueError):  # A number is not finite.
        return statistics.mean(numbers)
    denominator = max([below for _, below in ratios])
    return sum([above * (denominator // below) for above, below in ratios]) / (denominator * len(numbers))


def _median(values: Sequence[Any], _: int) -> float:
    return statistics.median(map(to_float, values))


def _mode(values: Sequence[Any], _: int) -> Any:  # noqa: ANN401 - any JSON value
    return _most_common(values)[0]


def _majority(values: Sequence[Any], n_epochs: int) -> Any:  # noqa: ANN401 - any JSON value
    value, count = _most_common(values)
    return value if 2 * count > n_epochs else math.nan


def _most_common(values: Sequence[Any]) -> tuple[Any, int]:
    return Counter(values).most_common(1)[0]


def _max(values: Sequence[Any], _: int) -> Any:  # noqa: ANN401 - any JSON value
    return max(values, key=to_float)


def _collect(values: Sequence[Any], _: int) -> Any:  # noqa: ANN401 - any JSON value
    return list(values)


def _at_least(k: int, values: Sequence[Any], _: int) -> float:
    return float(_count_successes(values) >= k)


def _pass_at(k: int, values: Sequence[Any], _: int) -> float:
    return pass_at_k(len(values), _count_successes(values), k)


def _pass_k(k: int, values: Sequence[Any], _: int) -> float:
    return pass_hat_k(len(values), _count_successes(values), k)


def _count_successes(values: Sequence[Any]) -> int:
    return sum(to_float(value) >= SUCCESS for value in values)


_PLAIN: Final[Mapping[str, _ReduceElements]] = MappingProxyType(
    {"mean": _mean, "median": _median, "mode": _mode, "max": _max, "majority": _majority, "collect": _collect}
)
_COUNTING: Final[Mapping[str, Callable[[int, Sequence[Any], int], Any]]] = MappingProxyType(
    {"at_least": _at_least, "pass_at": _pass_at, "pass_k": _pass_k}
)
