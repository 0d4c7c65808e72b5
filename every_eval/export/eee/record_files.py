"""Write the files of a record into a folder. A record that says the same as before stays as it is, to the byte."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

_BUFFER: Final = 1 << 20
"""Bytes that are written at a time: a write of 1 MiB takes about half as long as the same in pieces of 64 KiB."""


class _Stamped(msgspec.Struct):
    retrieved_timestamp: str


class RowBlock(NamedTuple):
    """Some rows of an instance file: a line for each."""

    lines: bytes
    n_rows: int


@dataclass(frozen=True)
class WrittenRows:
    """An instance file that was written."""

    n_rows: int
    checksum: str
    """SHA-256 of the file, in hexadecimal."""


def write_rows(path: Path, blocks: Iterable[RowBlock]) -> WrittenRows | None:
    """Write an instance file; without rows there is no file, and null is returned.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, n_rows, part = sha256(), 0, _part(path)
    with part.open("wb", _BUFFER) as file:
        for block in blocks:
            file.write(block.lines)
            digest.update(block.lines)
            n_rows += block.n_rows
    if not n_rows:
        part.unlink()
        path.unlink(missing_ok=True)
        return None
    part.replace(path)
    return WrittenRows(n_rows, digest.hexdigest())


def write_record(path: Path, timestamp: str, render: Callable[[str], bytes]) -> bool:
    """Write an aggregate file, unless the one that is there says the same; return whether a file was written.

    `render` returns the content for a time at which the record was made. A record that does not change keeps its time.

    Raises:
        OSError: The file cannot be written.
    """
    before = path.read_bytes() if path.exists() else b""
    try:
        known = msgspec.json.decode(before, type=_Stamped).retrieved_timestamp
    except msgspec.DecodeError:
        known = timestamp
    if before and render(known) == before:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    _part(path).write_bytes(render(timestamp))
    _part(path).replace(path)
    return True


def _part(path: Path) -> Path:
    """Return a temporary path beside the file, with this process's id: another export may write the same record."""
    return path.with_name(f".{path.name}.{os.getpid()}")
