"""Cut a large JSON file between the elements of a list, so that one piece at a time can be decoded.

The file is searched once before a piece is read. It can be cut if every piece is JSON by itself, no deeper than
`MAX_LIST_DEPTH`, and the text around the list is JSON too; otherwise it cannot be cut. No assumption is made about
white space.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

import msgspec
import numpy as np
import numpy.typing as npt

from every_eval.sources.decoding import MAX_LIST_DEPTH, UNREADABLE, repair

PIECE_BYTES: Final = 8 << 20
"""Default size of a piece, in bytes."""

_HEAD_BYTES: Final = 4096
"""Smallest number of bytes that is searched for the beginning of a list."""
_SPACE: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"
_QUOTE, _OPEN, _CLOSE = ord('"'), ord("{"), ord("}")
_FOLD: Final = 0x20
"""Turns braces into brackets: [ differs from { in this bit, and ] from }."""


@dataclass(frozen=True, slots=True)
class Span:
    """The place of successive elements of a list in a file, with the commas between them."""

    first: int
    """Position of the first element in the list."""
    start: int
    """First byte, from the beginning of the file."""
    end: int
    """Byte after the last one."""

    def read(self, file: IO[bytes]) -> bytes:
        """Return the elements as a JSON list."""
        file.seek(self.start)
        return b"[" + file.read(self.end - self.start) + b"]"


def find_spans(file: IO[bytes], key: str | None = None, piece_bytes: int = PIECE_BYTES) -> list[Span] | None:
    """Cut a list into spans of about `piece_bytes`, each with at least one element; null if it cannot be cut.

    Args:
        file: A seekable file that holds the list or, with `key`, an object with the list under that key.
        key: The key, as written in the file.
        piece_bytes: Approximate size of a span, in bytes.
    """
    file.seek(0)
    head = _find_list(file, key, piece_bytes)
    if head is None:
        return None
    spans: list[Span] = []
    n_elements, end = 0, None
    for start, text, is_last in _texts(file, len(head), piece_bytes):
        skipped = _skip(text, is_first=not spans)
        elements = None if skipped is None else _decode(b"[" + text[skipped:] + b"]")
        if skipped is None or elements is None:
            return None
        if elements:
            spans.append(Span(n_elements, start + skipped, start + len(text)))
            n_elements += len(elements)
        end = start + len(text) if is_last else None
    return spans if end is not None and _is_framed(file, head, end, key) else None


def _find_list(file: IO[bytes], key: str | None, piece_bytes: int) -> bytes | None:
    """Return the beginning of the file up to the bracket that opens the list; null if there is none."""
    pattern = rb"\A(?:\xef\xbb\xbf)?\s*\[" if key is None else _pattern(key)
    depth = 0 if key is None else 1
    head = b""
    while more := file.read(max(piece_bytes, len(head), _HEAD_BYTES)):
        head += more
        for match in re.finditer(pattern, head):
            if _depth_at(head, match.start()) == depth:
                return head[: match.end()]
        if key is None:
            break
    return None


def _pattern(key: str) -> bytes:
    return rb'"%b"\s*:\s*\[' % re.escape(key.encode())


def _depth_at(text: bytes, place: int) -> int | None:
    """Return how many brackets are open at a place; null if the place is inside a string."""
    positions, depths, is_inside = _brackets(text[:place])
    if is_inside:
        return None
    return int(depths[-1]) if len(positions) else 0


def _texts(file: IO[bytes], start: int, piece_bytes: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield texts of whole elements: where each starts, the text, and whether the list ends after it."""
    file.seek(start)
    buffer = b""
    while more := file.read(max(piece_bytes - len(buffer), len(buffer))):
        buffer += more
        positions, depths, _ = _brackets(buffer)
        if depths.max(initial=0) > MAX_LIST_DEPTH:
            return
        ends = np.flatnonzero(depths < 0)[:1]
        if len(ends):
            yield start, buffer[: positions[ends[0]]], True
            return
        whole = positions[depths == 0][-1:]
        if len(whole):
            end = int(whole[0]) + 1
            yield start, buffer[:end], False
            start, buffer = start + end, buffer[end:]


def _brackets(text: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], bool]:
    """Return the places of brackets and braces outside strings, the depth after each, and if a string is open."""
    masked = np.frombuffer(text.replace(rb"\\", b"__").replace(rb"\"", b"__"), np.uint8)
    folded = masked | _FOLD
    marks = np.flatnonzero((masked == _QUOTE) | (folded == _OPEN) | (folded == _CLOSE))
    kinds = folded[marks]
    n_quotes = np.cumsum(kinds == _QUOTE)
    is_bracket = (kinds != _QUOTE) & (n_quotes % 2 == 0)
    steps = np.where(kinds[is_bracket] == _OPEN, 1, -1)
    return marks[is_bracket], np.cumsum(steps), bool(len(n_quotes) and n_quotes[-1] % 2)


def _skip(text: bytes, *, is_first: bool) -> int | None:
    """Return the number of bytes before the first element; null if no comma separates it from those before."""
    skipped = len(text) - len(text.lstrip(_SPACE))
    if is_first or skipped == len(text):
        return skipped
    is_parted = text[skipped : skipped + 1] == b"," and text[skipped + 1 :].strip(_SPACE)
    return skipped + 1 if is_parted else None


def _decode(raw: bytes) -> list[msgspec.Raw] | None:
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except UNREADABLE:
        pass
    try:
        return msgspec.json.decode(repair(raw), type=list[msgspec.Raw])
    except UNREADABLE:
        return None


def _is_framed(file: IO[bytes], head: bytes, end: int, key: str | None) -> bool:
    """Tell whether the text around the list is JSON and holds no other list under the key."""
    file.seek(end)
    frame = b"[" + head.removeprefix(_BOM) + file.read() + b"]"
    others = () if key is None else re.compile(_pattern(key)).finditer(frame, len(head) + 1)
    # A list under the same name within another field, after which these brackets do not close everything, is no matter.
    if any(_decode(frame[: match.end()] + b"]}]") is not None for match in others):
        return False
    return _decode(frame) is not None
