"""Write JSON that every reader of lines splits at the same places."""

from typing import Any, Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder()
_LINE_ENDS: Final = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"), (b"\xc2\x85", b"\\u0085"))
"""Characters at which Python's `str.splitlines` ends a line, and which JSON may hold as they are: the validator of
every_eval_ever 0.3.0 splits there. In UTF-8 no other character contains these bytes."""


def encode(value: Any) -> bytes:  # noqa: ANN401 - any value with a form in JSON
    """Return the value as JSON in one line, without a line end."""
    return _escaped(_ENCODER.encode(value))


def encode_indented(value: Any) -> bytes:  # noqa: ANN401 - any value with a form in JSON
    """Return the value as JSON for people to read."""
    return _escaped(msgspec.json.format(_ENCODER.encode(value), indent=2)) + b"\n"


def text_map(values: dict[str, Any]) -> dict[str, str]:
    """Return the values as texts, and leave out nulls: the maps of the schema hold only texts."""
    return {name: text_of(value) for name, value in values.items() if value is not None}


def text_of(value: Any) -> str:  # noqa: ANN401 - any value with a form in JSON
    """Return the value as text: a text unchanged, any other value as JSON."""
    if isinstance(value, str):
        return value
    if type(value) in (int, float):
        return repr(value)  # several times as fast
    return _ENCODER.encode(value).decode()


def _escaped(text: bytes) -> bytes:
    if not text.isascii():
        for plain, escape in _LINE_ENDS:
            if plain[-1] in text:  # looks for one byte, which is several times as fast
                text = text.replace(plain, escape)
    return text
