"""Read the records of a samples file, which holds one JSON object a line, or one list of objects.

lm-eval 0.4.0 to 0.4.2 write an indented list, also into files that end in .jsonl; versions from mid-2024 write lines,
also into files that end in .json. So the first character tells, and not the name.
"""

from collections.abc import Iterator
from typing import IO, Final, TypeVar

from every_eval.sources.decoding import decode_list, decode_object
from every_eval.sources.source import Reject
from every_eval.sources.splitting import find_spans

T = TypeVar("T")

_HEAD_BYTES: Final = 4096
"""Number of bytes that are searched for the first character."""
_BOM: Final = b"\xef\xbb\xbf"
_PIECE_BYTES: Final = 1 << 20
"""Size of the pieces in which a list is decoded, in bytes."""


def read_records(file: IO[bytes], kind: type[T], name: str) -> Iterator[tuple[str, T | Reject]]:
    """Read the records of the seekable file `name`, each with its place: a record of type `kind`, or a reject."""
    file.seek(0)
    is_list = file.read(_HEAD_BYTES).removeprefix(_BOM).lstrip().startswith(b"[")
    file.seek(0)
    return _elements(file, kind, name) if is_list else _lines(file, kind, name)


def _lines(file: IO[bytes], kind: type[T], name: str) -> Iterator[tuple[str, T | Reject]]:
    for number, line in enumerate(file):
        if line.strip():
            place = f"$[{number}]"
            yield place, decode_object(line, kind, name, place)


def _elements(file: IO[bytes], kind: type[T], name: str) -> Iterator[tuple[str, T | Reject]]:
    spans = find_spans(file, piece_bytes=_PIECE_BYTES)
    file.seek(0)
    pieces = [(0, file.read())] if spans is None else ((span.first, span.read(file)) for span in spans)
    for first, raw in pieces:
        records, rejects = decode_list(raw, kind, name, first=first)
        yield from ((f"$[{position}]", record) for position, record in records)
        yield from ((reject.place or "$", reject) for reject in rejects)
