"""Decode JSON files of sources into typed records, including files that are not quite JSON.

Python's `json` writes the bare tokens NaN and Infinity, and writes half of a surrogate pair where a model's output was
cut between the two halves. Neither is JSON. Each file is first decoded strictly. A file that fails is repaired and
decoded again, so that well-formed files cost nothing extra.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec
import numpy as np

from every_eval.contracts.rejects import Reason
from every_eval.sources.source import Reject

T = TypeVar("T")


class Decoded(NamedTuple, Generic[T]):
    """Decoded elements of a list, with the positions of the elements in the list."""

    positions: Sequence[int]
    records: Sequence[T]


_TOKEN: Final = re.compile(rb"\bNaN\b|\bInfinity\b|\d[eE]\+?\d{3,}+")
"""Tokens that are not JSON, without their sign, and the ends of numbers that may be too large for a float."""
_BEFORE: Final = tuple(b"%c" % each for each in b"-.0123456789")
_SURROGATE: Final = re.compile(
    rb"\\\\|(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_FRACTION: Final = b"0.5"
"""Stands for a number that is not finite where types are checked: a fraction is neither a text nor a whole number."""
_INDEX: Final = re.compile(r"\[(\d+)\]")
MAX_DEPTH: Final = 200
"""Largest depth of lists and objects within each other in a value that is kept, so that other code can walk it."""
MAX_LIST_DEPTH: Final = 500
"""Largest depth of a list that is read in pieces or has an error; decoders end at 1,000, less the calls so far."""
TOO_DEEP: Final = "lists and objects are nested too deeply"
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_OPENING, _CLOSING = list(b"[{"), list(b"]}")
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Errors of decoding; a RecursionError comes from lists or objects that are nested too deeply."""


def is_too_deep(raw: bytes | msgspec.Raw, limit: int = MAX_DEPTH) -> bool:
    """Tell whether lists and objects are nested more than `limit` deep in JSON."""
    text = bytes(raw)
    if text.count(b"[") + text.count(b"{") <= limit:
        return False
    outside = np.frombuffer(_TEXT.sub(b"", text), np.uint8)
    steps = np.isin(outside, _OPENING).astype(np.int64) - np.isin(outside, _CLOSING)
    return int(np.cumsum(steps).max(initial=0)) > limit


class Repaired(NamedTuple):
    """JSON that could be repaired."""

    quoted: bytes
    """The JSON with NaN, Infinity and numbers that no float holds as texts."""
    typed: bytes | None
    """The same with a fraction in place of each of these; null if there is none."""


def repair(raw: bytes) -> bytes:
    """Quote NaN, Infinity and numbers that no float holds; replace half surrogate pairs and invalid UTF-8 by U+FFFD."""
    return _repair(raw).quoted


def _repair(raw: bytes) -> Repaired:
    """Repair JSON in one pass, whatever the bytes are: the time grows with their number, and so does the memory."""
    text = raw.decode("utf-8-sig", errors="replace").encode()
    if b"\\u" in text:
        text = _SURROGATE.sub(_repair_surrogate, text)
    quoted: list[bytes] = []
    typed: list[bytes] = []
    end = 0
    for start, token in _tokens(text):
        quoted += text[end:start], b'"%b"' % token
        typed += text[end:start], _FRACTION
        end = start + len(token)
    if not end:
        return Repaired(text, None)
    return Repaired(b"".join([*quoted, text[end:]]), b"".join([*typed, text[end:]]))


def _tokens(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield what stands outside texts and is no finite number, with its place."""
    masked = text.replace(rb"\\", b"__").replace(rb"\"", b"__")  # Every quotation mark left begins or ends a text.
    is_outside, seen = True, 0
    for match in _TOKEN.finditer(masked):
        is_outside ^= bool(masked.count(b'"', seen, match.start()) % 2)
        start, seen = match.start(), match.end()
        if is_outside:
            while masked[start - 1 : start] in _BEFORE:
                start -= 1
            token = masked[start:seen]
            if not token[-1:].isdigit() or not _is_finite(token):
                yield start, token


def _is_finite(number: bytes) -> bool:
    try:
        return math.isfinite(float(number))
    except ValueError:  # It is no number, and the text is no JSON.
        return True


def _repair_surrogate(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match["half"] else match[0]


def decode_object(raw: bytes, kind: type[T], file: str, root: str = "$") -> T | Reject:
    """Decode one object, whose place in the file is `root`."""
    if is_too_deep(raw):
        return Reject(Reason.NOT_JSON, TOO_DEEP, file, None if root == "$" else root)
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE:
        pass
    try:
        return _decode_repaired(raw, kind)
    except UNREADABLE as error:
        return _reject(error, file, root)


def _decode_repaired(raw: bytes, kind: type[T]) -> T:
    """Decode JSON that needs repair; NaN or Infinity in place of a text, or of a whole number, is an error."""
    quoted, typed = _repair(raw)
    if typed is not None:
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
    if is_too_deep(raw, MAX_LIST_DEPTH):
        return [], [Reject(Reason.NOT_JSON, TOO_DEEP, file, None if root == "$" else root)]
    repaired = _repair(raw)
    try:
        elements = msgspec.json.decode(repaired.quoted, type=list[msgspec.Raw])
        typed = elements if repaired.typed is None else msgspec.json.decode(repaired.typed, type=list[msgspec.Raw])
    except UNREADABLE as error:
        return [], [_reject(error, file, root)]
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
