"""Turn the values of scores into numbers by Inspect's rules.

The rules are those of `value_to_float` in `inspect_ai/scorer/_metric.py`, version 0.3.285. A score's value is a text, a
number, a boolean, or a list or an object of them. Inspect counts every value that it cannot read as 0, and warns: texts
such as "nan" or "weird", a list or an object where a number is expected, and a null inside an object.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

GRADES: Final[Mapping[str, float]] = MappingProxyType({"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0})
"""Numbers of Inspect's grades: correct, partially correct, incorrect and no answer. Case matters."""
WORDS: Final[Mapping[str, float]] = MappingProxyType({"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0})
"""Numbers of words, in any case."""


def number_of(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """Return the number that a value stands for; null if Inspect cannot read the value, and counts it as 0."""
    if isinstance(value, int | float):
        return _as_float(value)
    if not isinstance(value, str):
        return None
    known = GRADES.get(value)
    if known is None:
        known = WORDS.get(value.lower())
    return _finite_numeral(value) if known is None else known


def to_float(value: Any) -> float:  # noqa: ANN401 - any JSON value
    """Return the number that Inspect counts for a value: 0 for a value that it cannot read."""
    if type(value) is float:
        return value
    number = number_of(value)
    return 0.0 if number is None else number


def is_unscored(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether a whole value says that the sample has no score: NaN, or null.

    A null that is an element of an object is not unscored: Inspect counts it as 0 (`is_nan` tells for elements).
    """
    return value is None or is_nan(value)


def is_nan(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether a value is the number NaN; the text "nan" is not."""
    return isinstance(value, float) and value != value  # Only NaN differs from itself.


def is_unclear(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether versions of Inspect count a value in different ways: NaN, null, and texts such as "nan"."""
    if not isinstance(value, str):
        return is_unscored(value)
    try:
        return not math.isfinite(float(value))
    except ValueError:
        return False


def published_number(value: Any, is_element: bool = False) -> float | None:  # noqa: ANN401 - any JSON value
    """Return the number that Inspect counts for a value; null if the sample, or the element, is unscored.

    Args:
        value: Value of a score, or an element of the value.
        is_element: Whether the value is an element of an object or of a list, where a null counts as 0.
    """
    return None if (is_nan(value) if is_element else is_unscored(value)) else to_float(value)


def elements(value: Any) -> Mapping[str | None, Any]:  # noqa: ANN401 - any JSON value
    """Return the single values of a score: by key of an object, by position in a list from 0, else the value itself."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(position): element for position, element in enumerate(value)}
    return {None: value}


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # An integer of more than 308 digits.
        return math.inf if number > 0 else -math.inf


def _finite_numeral(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
