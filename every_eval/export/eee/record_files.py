"""Write the files of a record into a folder. A record that says the same as before stays as it is, to the byte."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec


class _Stamped(msgspec.Struct):
    retrieved_timestamp: str


@dataclass(frozen=True)
class WrittenRows:
    """An instance file that was written."""

    n_rows: int
    checksum: str
    """SHA-256 of the file, in hexadecimal."""


def write_rows(path: Path, lines: Iterable[bytes]) -> WrittenRows | None:
    """Write an instance file; without lines there is no file, and null is returned.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, n_rows, part = sha256(), 0, _part(path)
    with part.open("wb") as file:
        for line in lines:
            file.write(line)
            digest.update(line)
            n_rows += 1
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
