"""Decode the JSON of Inspect's logs, in which numbers can be NaN or infinite.

Inspect writes the bare tokens NaN, Infinity and -Infinity (pydantic's `ser_json_inf_nan="constants"`), which are no
JSON. They mean something: a score that is NaN is unscored, while the text "NaN" counts as 0. So each token is quoted
with a mark in front that no text has, and `restore` turns marked texts into numbers.
"""

import math
from typing import Any, Final, TypeVar

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import UNREADABLE, repair
from every_eval.sources.source import Reject

T = TypeVar("T")

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")

MARK: Final = "\ufdd0"
"""Noncharacter of Unicode, which texts do not have."""
_TOKENS: Final = (b"NaN", b"Infinity")
_AFTER: Final = b" \t\r\n,]}"
"""Characters that can follow a number."""


def decode(raw: bytes, kind: type[T]) -> T:
    """Decode JSON in which numbers can be NaN or infinite.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: The text is not JSON, or has another shape.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        raise
    except UNREADABLE:
        marked = mark(raw)
    try:
        return msgspec.json.decode(marked, type=kind)
    except msgspec.ValidationError:
        raise
    except UNREADABLE:
        return msgspec.json.decode(repair(marked), type=kind)


def decoded(raw: bytes, kind: type[T], file: str, place: str | None = None) -> T | Reject:
    """Decode JSON, whose place in the file `file` is `place`; what cannot be decoded is a reject."""
    try:
        return decode(raw, kind)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).partition(" - at `$")
        return Reject(Reason.UNEXPECTED_SHAPE, detail, file, (place or "$") + where.removesuffix("`"))
    except UNREADABLE as error:
        return Reject(Reason.NOT_JSON, str(error), file, place)


def mark(raw: bytes) -> bytes:
    """Quote the tokens NaN, Infinity and -Infinity outside texts, with a mark in front."""
    # Without escaped characters, every quotation mark begins or ends a text.
    masked = raw.replace(rb"\\", b"__").replace(rb"\"", b"__")
    parts: list[bytes] = []
    done, n_quotes = 0, 0
    for start, end in _tokens(masked):
        n_quotes += masked.count(b'"', done, start)
        parts.append(raw[done:start])
        parts.append(raw[start:end] if n_quotes % 2 else b'"%b%b"' % (MARK.encode(), raw[start:end]))
        done = end
    return b"".join((*parts, raw[done:]))


def _tokens(text: bytes) -> list[tuple[int, int]]:
    """Return where the tokens with their signs start and end, four times as fast as a regular expression."""
    found = []
    for token in _TOKENS:
        start = text.find(token)
        while start >= 0:
            end = start + len(token)
            if text[end : end + 1] in _AFTER:
                found.append((start - (text[start - 1 : start] == b"-"), end))
            start = text.find(token, end)
    return sorted(found)


def restore(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a decoded value with the numbers that `mark` quoted."""
    if isinstance(value, str):
        return float(value[1:]) if value[:1] == MARK else value
    if isinstance(value, dict):
        # Without a call for a number, in which nothing is marked.
        return {key: item if type(item) is float else restore(item) for key, item in value.items()}
    return [restore(item) for item in value] if isinstance(value, list) else value


def finite(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a decoded value in which numbers that are not finite are texts, because JSON has none."""
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    number = restore(value)
    return str(number) if isinstance(number, float) and not math.isfinite(number) else number


def json_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a decoded value as JSON with sorted keys; numbers that are not finite are texts."""
    text = _ENCODER.encode(value).decode()
    return _ENCODER.encode(finite(value)).decode() if MARK in text else text
