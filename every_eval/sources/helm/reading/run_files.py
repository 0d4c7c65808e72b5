"""Decode a run's files, whole or in pieces, and note what cannot be read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import IO, Final, Generic, TypeVar

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.errors import UpstreamMalformed
from every_eval.sources.decoding import (
    MAX_LIST_DEPTH,
    TOO_DEEP,
    UNREADABLE,
    Decoded,
    T,
    decode_list,
    decode_object,
    is_too_deep,
)
from every_eval.sources.helm.reading.completeness import RunCompleteness
from every_eval.sources.helm.reading.missing_rows import Missing
from every_eval.sources.source import Input, Reject
from every_eval.sources.splitting import Span, find_spans

R = TypeVar("R")
Taker = Callable[[Decoded[T], list[Reject]], R]
"""Makes a result of a piece of a list, and adds what cannot be read to the list of rejects."""

WHOLE_BYTES: Final = 96 << 20
"""Largest file that is decoded at once, in bytes: cutting a smaller file costs more memory than it saves."""
CACHED_BYTES: Final = 1 << 20
"""Size of a piece that stays in the processor's cache, in bytes."""
BOUNDARY: Final = b"\n  },\n  {"
"""The text between two elements of a list, as `json.dumps(…, indent=2)` writes it."""


@dataclass(frozen=True)
class ListFile(Generic[T]):
    """A file that holds a list, or an object with a list under `key`; it can be read more than once."""

    name: str
    kind: type[T]
    """Type of the list's elements."""
    key: str | None
    stream: IO[bytes]
    is_large: bool
    """Whether the file is read in pieces even if it could be decoded at once."""
    piece_bytes: int
    """Approximate size of a piece, in bytes."""

    def pieces(self, rejects: list[Reject]) -> Iterator[Decoded[T]]:
        """Yield the elements, in pieces if there are many; elements that cannot be read are rejects."""
        decoded = None if self.is_large else self._decode_strictly()
        if decoded is not None:
            yield decoded
            return
        for number in range(1 if self._spans is None else len(self._spans)):
            yield self.piece(number, rejects)

    def piece(self, number: int, rejects: list[Reject]) -> Decoded[T]:
        """Return one of the pieces of a large file; all elements if the file cannot be cut."""
        span = None if self._spans is None else self._spans[number]
        first, raw = (0, self._whole(rejects)) if span is None else (span.first, span.read(self.stream))
        root = "$" if self.key is None else f"$.{self.key}"
        if span is None and is_too_deep(raw, MAX_LIST_DEPTH):  # A second reading might end at another depth.
            rejects.append(Reject(Reason.NOT_JSON, TOO_DEEP, self.name, None if self.key is None else root))
            return Decoded([], [])
        elements, unread = decode_list(raw, self.kind, self.name, root, first)
        rejects += unread
        return Decoded([position for position, _ in elements], [record for _, record in elements])

    @cached_property
    def _spans(self) -> Sequence[Span] | None:
        return find_spans(self.stream, self.key, self.piece_bytes)

    def each(self, take: Taker[T, R], rejects: list[Reject]) -> Sequence[R]:
        """Return what `take` makes of each piece."""
        noted: list[Reject] = []
        if not self.is_large:
            try:
                taken = list(map(take, self.strict_pieces(), repeat(noted)))  # Unlike a loop, `map` holds no piece.
            except UNREADABLE:
                noted.clear()  # The file is read again below.
            else:
                rejects += noted
                return taken
        taken = list(map(take, self.pieces(rejects), repeat(noted)))
        rejects += noted
        return taken

    def strict_pieces(self) -> Iterator[Decoded[T]]:
        """Yield the elements of a list that is not large, in pieces that stay in the processor's cache.

        The file is cut between lines that look like the boundary of two elements in HELM's own white space. If each
        piece is a list, then the whole file is a list of the same elements; if not, nothing that was yielded counts.
        The generator does not hold a piece, so that the next piece takes its place in memory as soon as the caller
        releases it.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: A piece is not a list of elements.
        """
        self.stream.seek(0)
        raw = self.stream.read()
        start, end, n_elements = 0, -1, 0
        while end < len(raw):
            end = raw.find(BOUNDARY, start + CACHED_BYTES)
            end = len(raw) if end < 0 else end + BOUNDARY.index(b",")
            opening, closing = b"[" if start else b"", b"]" if end < len(raw) else b""
            piece = b"".join((opening, memoryview(raw)[start:end], closing))
            lists = [msgspec.json.decode(piece, type=list[self.kind])]  # type: ignore[name-defined]
            first, n_elements = n_elements, n_elements + len(lists[0])
            start = end + 1
            del piece
            yield Decoded(range(first, n_elements), lists.pop())

    def _decode_strictly(self) -> Decoded[T] | None:
        """Return all elements; null if one of them cannot be read."""
        self.stream.seek(0)
        raw: bytes | msgspec.Raw = self.stream.read()
        try:
            if self.key is not None:
                raw = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])[self.key]
            records = msgspec.json.decode(raw, type=list[self.kind])  # type: ignore[name-defined]
        except (KeyError, *UNREADABLE):
            return None
        return Decoded(range(len(records)), records)

    def _whole(self, rejects: list[Reject]) -> bytes:
        """Return the list's JSON, from a file that cannot be cut."""
        self.stream.seek(0)
        raw = self.stream.read()
        if self.key is None:
            return raw
        holder = decode_object(raw, msgspec.defstruct("Holder", [(self.key, msgspec.Raw)]), self.name)
        if isinstance(holder, Reject):
            rejects.append(holder)
            return b"[]"
        return bytes(getattr(holder, self.key))


class RunFiles:
    """The files of one run, and the rejects of reading them."""

    def __init__(
        self, inputs: Mapping[str, Input], open_file: Callable[[str], IO[bytes]], whole_bytes: int, piece_bytes: int
    ) -> None:
        """`open_file` opens an input by its name; files larger than `whole_bytes` are read in pieces."""
        self.inputs = inputs
        self.rejects: list[Reject] = []
        self.completeness = RunCompleteness()
        """What the rejects that were taken say of the run."""
        self._open_file = open_file
        self._whole_bytes = whole_bytes
        self._piece_bytes = piece_bytes

    def take_rejects(self) -> tuple[Reject, ...]:
        """Return the rejects since the last call."""
        rejects = tuple(self.rejects)
        self.rejects.clear()
        self.completeness.note(rejects)
        return rejects

    def note_missing(self, rows: Iterable[Missing]) -> None:
        """Add a reject for rows that a file lacks, unless the rejects that were taken say so already.

        If several files say that a file lacks rows, these may be the same rows: the first of the largest losses counts.
        """
        worst: dict[str, Missing] = {}
        for missing in rows:
            if missing.n_rows > (worst[missing.file].n_rows if missing.file in worst else 0):
                worst[missing.file] = missing
        for missing in worst.values():
            if not self.completeness.explains(missing):
                detail = f"{missing.file} lacks {missing.n_rows} of {missing.of}"
                self.rejects.append(Reject(Reason.ROWS_MISSING, detail, missing.file))

    def is_large(self, file: str) -> bool:
        """Tell whether a file is read in pieces."""
        size = self.inputs[file].size
        return size is None or size > self._whole_bytes

    def object(self, file: str, kind: type[T]) -> tuple[T, bytes] | None:
        """Return the object in a file, decoded and as bytes; null if the file cannot be read."""
        if self._lacks(file):
            return None
        stream = self._open(file)
        if stream is None:
            return None
        with stream:
            raw = stream.read()
        decoded = decode_object(raw, kind, file)
        if isinstance(decoded, Reject):
            self.rejects.append(decoded)
            return None
        return decoded, raw

    def list(self, file: str, kind: type[T]) -> Decoded[T]:
        """Return all elements of the list in a file."""
        with self.open_list(file, kind) as opened:
            pieces = list(opened.pieces(self.rejects)) if opened else []
        if len(pieces) == 1:
            return pieces[0]
        return Decoded(
            [position for piece in pieces for position in piece.positions],
            [record for piece in pieces for record in piece.records],
        )

    @contextmanager
    def open_list(self, file: str, kind: type[T], key: str | None = None) -> Iterator[ListFile[T] | None]:
        """Open a file that holds a list; null if the run lacks the file, or if the file is damaged."""
        stream = None if self._lacks(file) else self._open(file)
        if stream is None:
            yield None
            return
        with stream:
            yield ListFile(file, kind, key, stream, self.is_large(file), self._piece_bytes)

    def _open(self, file: str) -> IO[bytes] | None:
        try:
            return self._open_file(file)
        except UpstreamMalformed as error:
            self.rejects.append(Reject(Reason.NOT_JSON, str(error), file))
            return None

    def _lacks(self, file: str) -> bool:
        if file in self.inputs:
            return False
        self.rejects.append(Reject(Reason.FILE_MISSING, f"the run has no {file}", file))
        return True
