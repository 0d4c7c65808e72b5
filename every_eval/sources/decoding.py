"""Decode JSON files of sources into typed records, including files that are not quite JSON.

Python's `json` writes the bare tokens NaN and Infinity, and writes half of a surrogate pair where a model's output was
cut between the two halves. Neither is JSON. Each file is first decoded strictly. A file that fails is repaired and
decoded again, so that well-formed files cost nothing extra.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.source import Reject

T = TypeVar("T")


class Decoded(NamedTuple, Generic[T]):
    """Decoded elements of a list, with the positions of the elements in the list."""

    positions: Sequence[int]
    records: Sequence[T]


_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b|-?\d[\d.]*[eE]\+?\d{3,}', re.DOTALL)
_SURROGATE: Final = re.compile(
    rb"\\\\|(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_FRACTION: Final = b"0.5"
_MAY_BE_NOT_FINITE: Final = re.compile(rb"NaN|Infinity")
_INDEX: Final = re.compile(r"\[(\d+)\]")
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Errors of decoding; a RecursionError comes from lists or objects that are nested too deeply."""


def repair(raw: bytes, number: bytes | None = None) -> bytes:
    """Quote NaN, Infinity and numbers that no float holds; replace half surrogate pairs and invalid UTF-8 by U+FFFD.

    With `number`, that number stands in place of NaN, Infinity and numbers that no float holds.
    """
    text = raw.decode("utf-8-sig", errors="replace").encode()
    return _TOKEN.sub(lambda match: _repair_token(match, number), text)


def _repair_token(match: re.Match[bytes], number: bytes | None) -> bytes:
    token = match[0]
    if not token.startswith(b'"'):
        if token[-1:].isdigit() and math.isfinite(float(token)):
            return token
        return number or b'"' + token + b'"'
    return _SURROGATE.sub(_repair_surrogate, token) if b"\\u" in token else token


def _repair_surrogate(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match["half"] else match[0]


def decode_object(raw: bytes, kind: type[T], file: str, root: str = "$") -> T | Reject:
    """Decode one object, whose place in the file is `root`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE:
        pass
    try:
        return _decode_repaired(raw, kind)
    except UNREADABLE as error:
        return _reject(error, file, root)


def _decode_repaired(raw: bytes, kind: type[T]) -> T:
    """Decode JSON that needs repair; NaN or Infinity in place of a text, or of a whole number, is an error.

    A quoted NaN would pass for a text, so the types are checked with a fraction in its place.
    """
    quoted, typed = repair(raw), repair(raw, _FRACTION)
    if typed != quoted:
        msgspec.json.decode(typed, type=kind)
    return msgspec.json.decode(quoted, type=kind)


def compact(raw: bytes) -> str:
    """Return the JSON of a readable file without white space between values; the order of values stays."""
    try:
        return msgspec.json.format(raw, indent=-1).decode()
    except UNREADABLE:
        return msgspec.json.format(repair(raw), indent=-1).decode()


def decode_list(
    raw: bytes, kind: type[T], file: str, root: str = "$", first: int = 0
) -> tuple[list[tuple[int, T]], list[Reject]]:
    """Decode a list, whose place in the file is `root`, into elements with their positions, and rejects.

    An element that does not have type `kind` becomes a reject; the other elements are returned. If the list is a piece
    of the file's list, `first` is the position of its first element.
    """
    try:
        return list(enumerate(msgspec.json.decode(raw, type=list[kind]), first)), []  # type: ignore[valid-type]
    except UNREADABLE:
        pass
    quoted = repair(raw)
    try:
        elements = msgspec.json.decode(quoted, type=list[msgspec.Raw])
    except UNREADABLE as error:
        return [], [_reject(error, file, root)]
    typed_list = repair(raw, _FRACTION) if _MAY_BE_NOT_FINITE.search(raw) else quoted
    typed = elements if typed_list == quoted else msgspec.json.decode(typed_list, type=list[msgspec.Raw])
    decoded, rejects = [], []
    for position, (element, with_fractions) in enumerate(zip(elements, typed, strict=True), first):
        place = f"{root}[{position}]"
        item: T | Reject = decode_object(bytes(element), kind, file, place)
        if element != with_fractions:
            checked = decode_object(bytes(with_fractions), kind, file, place)
            item = checked if isinstance(checked, Reject) else item
        if isinstance(item, Reject):
            rejects.append(item)
        else:
            decoded.append((position, item))
    return decoded, rejects


def in_file_order(rejects: Iterable[Reject]) -> list[Reject]:
    """Return the rejects of one file in the order of their places."""
    return sorted(rejects, key=lambda reject: [int(index) for index in _INDEX.findall(reject.place or "")])


def _reject(error: Exception, file: str, root: str) -> Reject:
    if not isinstance(error, msgspec.ValidationError):
        return Reject(Reason.NOT_JSON, str(error), file, None if root == "$" else root)
    detail, _, place = str(error).partition(" - at `$")
    return Reject(Reason.UNEXPECTED_SHAPE, detail, file, root + place.removesuffix("`"))
