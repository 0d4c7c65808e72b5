"""Typed decoding of JSON as sources write it, with what JSON does not allow.

Python's `json` writes the bare tokens NaN and Infinity, and half of a surrogate pair where a model's output was
cut between the two. Neither is JSON. A file is decoded strictly first; only one that fails is mended and decoded
again, so that the mending costs nothing where it is not needed.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.source import Reject

T = TypeVar("T")


class Decoded(NamedTuple, Generic[T]):
    """Elements of a list, and their positions in it."""

    positions: Sequence[int]
    records: Sequence[T]


_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b', re.DOTALL)
_SURROGATE: Final = re.compile(
    rb"\\\\|(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_INDEX: Final = re.compile(r"\[(\d+)\]")
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises: the last one where lists or objects lie within each other too deep."""


def mend(raw: bytes) -> bytes:
    """Quote NaN and Infinity outside strings, and put U+FFFD for half surrogate pairs and for what is not UTF-8."""
    text = raw.decode("utf-8-sig", errors="replace").encode()
    return _TOKEN.sub(_mend_token, text)


def _mend_token(match: re.Match[bytes]) -> bytes:
    token = match[0]
    if not token.startswith(b'"'):
        return b'"' + token + b'"'
    return _SURROGATE.sub(_mend_surrogate, token) if b"\\u" in token else token


def _mend_surrogate(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match["half"] else match[0]


def decode_object(raw: bytes, kind: type[T], file: str, root: str = "$") -> T | Reject:
    """Decode one object, which is at `root` in its file."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE:
        pass
    try:
        return msgspec.json.decode(mend(raw), type=kind)
    except UNREADABLE as error:
        return _reject(error, file, root)


def without_space(raw: bytes) -> str:
    """A file that could be decoded, without white space between its values, which keep their order."""
    try:
        return msgspec.json.format(raw, indent=-1).decode()
    except UNREADABLE:
        return msgspec.json.format(mend(raw), indent=-1).decode()


def decode_list(
    raw: bytes, kind: type[T], file: str, root: str = "$", first: int = 0
) -> tuple[list[tuple[int, T]], list[Reject]]:
    """Decode a list, which is at `root` in its file: elements with their positions, and what could not be read.

    An element that is not of type `kind` is a reject of its own; the others are kept. `first` is the position of the
    first one, where the list is a piece of the file's.
    """
    try:
        return list(enumerate(msgspec.json.decode(raw, type=list[kind]), first)), []  # type: ignore[valid-type]
    except UNREADABLE:
        pass
    try:
        elements = msgspec.json.decode(mend(raw), type=list[msgspec.Raw])
    except UNREADABLE as error:
        return [], [_reject(error, file, root)]
    decoded, rejects = [], []
    for position, element in enumerate(elements, first):
        item = decode_object(bytes(element), kind, file, f"{root}[{position}]")
        if isinstance(item, Reject):
            rejects.append(item)
        else:
            decoded.append((position, item))
    return decoded, rejects


def in_file_order(rejects: Iterable[Reject]) -> list[Reject]:
    """Rejects of one file by their places."""
    return sorted(rejects, key=lambda reject: [int(index) for index in _INDEX.findall(reject.place or "")])


def _reject(error: Exception, file: str, root: str) -> Reject:
    if not isinstance(error, msgspec.ValidationError):
        return Reject(Reason.NOT_JSON, str(error), file, None if root == "$" else root)
    detail, _, place = str(error).partition(" - at `$")
    return Reject(Reason.UNEXPECTED_SHAPE, detail, file, root + place.removesuffix("`"))
