"""Read the records of a samples file, which holds one JSON object a line, or one list of objects.

lm-eval 0.4.0 to 0.4.2 write an indented list, also into files that end in .jsonl; versions from mid-2024 write lines,
also into files that end in .json. So the first character tells, and not the name.
"""

from collections.abc import Iterator
from typing import IO, Final, NamedTuple

import msgspec

from every_eval.sources.decoding import decode_list
from every_eval.sources.source import Reject
from every_eval.sources.splitting import find_spans

_HEAD_BYTES: Final = 4096
"""Number of bytes that are searched for the first character."""
_BOM: Final = b"\xef\xbb\xbf"
_PIECE_BYTES: Final = 1 << 20
"""Size of the pieces in which a list is decoded, or lines are read, in bytes."""


class Record(NamedTuple):
    """A record of a samples file, not yet decoded."""

    position: int
    """Position of the record in the file, from 0; lines without text count too."""
    raw: bytes | msgspec.Raw | Reject
    """JSON of the record, or the reason why it has none."""
    n_bytes: int = 0
    """Size of the record in the file, in bytes."""

    @property
    def place(self) -> str:
        """Place of the record in the file."""
        return f"$[{self.position}]"


def read_records(file: IO[bytes], name: str) -> Iterator[Record]:
    """Read the records of the seekable file `name`."""
    file.seek(0)
    is_list = file.read(_HEAD_BYTES).removeprefix(_BOM).lstrip().startswith(b"[")
    file.seek(0)
    if is_list:
        return _elements(file, name)
    return (
        Record(number, line, len(line) + 1) for number, line in enumerate(_lines(file)) if line and not line.isspace()
    )


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield lines without their ends: many at once, in half the time that a file takes to yield one after the other."""
    begun: list[bytes] = []
    """Parts of a line that is not yet whole, which can be longer than a block."""
    while block := file.read(_PIECE_BYTES):
        *whole, rest = block.split(b"\n")
        if whole:
            yield b"".join([*begun, whole[0]])
            yield from whole[1:]
            begun = []
        begun.append(rest)
    yield b"".join(begun)


def _elements(file: IO[bytes], name: str) -> Iterator[Record]:
    spans = find_spans(file, piece_bytes=_PIECE_BYTES)
    file.seek(0)
    pieces = [(0, file.read())] if spans is None else ((span.first, span.read(file)) for span in spans)
    for first, raw in pieces:
        records, rejects = decode_list(raw, msgspec.Raw, name, first=first)
        n_bytes = len(raw) // max(len(records), 1)
        yield from (Record(position, record, n_bytes) for position, record in records)
        yield from (Record(first, reject) for reject in rejects)
