"""A run's files, decoded at once or in pieces, and what could not be read of them."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import IO, Final, Generic, TypeVar

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import UNREADABLE, Decoded, T, decode_list, decode_object
from every_eval.sources.helm.reading.splitting import Span, find_spans
from every_eval.sources.source import Input, Reject

R = TypeVar("R")
Taker = Callable[[Decoded[T], list[Reject]], R]
"""Makes something of a piece; what it cannot read, it adds to the list that it is given."""

WHOLE_BYTES: Final = 96 << 20
"""Of a file that is decoded at once: cutting it costs more than it spares."""


CACHED_BYTES: Final = 1 << 20
BOUNDARY: Final = b"\n  },\n  {"
"""Between elements of a list, as `json.dumps(…, indent=2)` writes them."""


@dataclass(frozen=True)
class ListFile(Generic[T]):
    """A file that holds a list, or an object with a list under `key`; it can be gone through more than once."""

    name: str
    kind: type[T]
    key: str | None
    stream: IO[bytes]
    is_large: bool
    piece_bytes: int

    def pieces(self, rejects: list[Reject]) -> Iterator[Decoded[T]]:
        """The elements, in pieces if there are many; what cannot be read is added to `rejects`."""
        decoded = None if self.is_large else self._decode_strictly()
        if decoded is not None:
            yield decoded
            return
        if self._spans is None:
            yield self._decode(0, self._whole(rejects), rejects)
            return
        for span in self._spans:
            yield self._decode(span.first, span.read(self.stream), rejects)

    def piece_around(self, position: int) -> Decoded[T]:
        """Elements of the list with the one that stands there; all, of a file that is not large or cannot be cut."""
        if not self.is_large or self._spans is None:
            return _together(list(self.pieces([])))
        span = self._spans[bisect_right(self._spans, position, key=lambda span: span.first) - 1]
        return self._decode(span.first, span.read(self.stream), [])

    @cached_property
    def _spans(self) -> Sequence[Span] | None:
        return find_spans(self.stream, self.key, self.piece_bytes)

    def _decode(self, first: int, raw: bytes, rejects: list[Reject]) -> Decoded[T]:
        root = "$" if self.key is None else f"$.{self.key}"
        elements, unread = decode_list(raw, self.kind, self.name, root, first)
        rejects += unread
        return Decoded([position for position, _ in elements], [record for _, record in elements])

    def each(self, take: Taker[T, R], rejects: list[Reject]) -> Sequence[R]:
        """What `take` makes of each piece."""
        if not self.is_large:
            noted: list[Reject] = []
            try:
                taken = list(map(take, self.strict_pieces(), repeat(noted)))  # in which no variable holds a piece
            except UNREADABLE:
                pass  # the file is read again
            else:
                rejects += noted
                return taken
        return [take(piece, rejects) for piece in self.pieces(rejects)]

    def strict_pieces(self) -> Iterator[Decoded[T]]:
        """The elements of a list that is not large, in pieces that stay in the processor's cache.

        It is cut between lines that look like the boundary of two elements in HELM's own white space. If each piece is
        a list, so is the whole, and of the same elements; if not, nothing that was yielded counts. A piece is held no
        longer than its taker holds it, so that the next one takes its place in memory.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: a piece is not as it should be.
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
        """All elements; null if any is not as it should be."""
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
        """The list's JSON, of a file that cannot be cut."""
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
    """The files of one run."""

    def __init__(
        self, inputs: Mapping[str, Input], open_file: Callable[[str], IO[bytes]], whole_bytes: int, piece_bytes: int
    ) -> None:
        """`open_file` opens an input by its name; files larger than `whole_bytes` are read in pieces."""
        self.inputs = inputs
        self.rejects: list[Reject] = []
        self._open_file = open_file
        self._whole_bytes = whole_bytes
        self._piece_bytes = piece_bytes

    def take_rejects(self) -> tuple[Reject, ...]:
        """What was noted since this was last asked."""
        rejects = tuple(self.rejects)
        self.rejects.clear()
        return rejects

    def is_large(self, file: str) -> bool:
        """Whether a file is read in pieces."""
        size = self.inputs[file].size
        return size is None or size > self._whole_bytes

    def object(self, file: str, kind: type[T]) -> tuple[T, bytes] | None:
        """A file that holds one object, decoded and as it is; null if it cannot be read."""
        if self._lacks(file):
            return None
        with self._open_file(file) as stream:
            raw = stream.read()
        decoded = decode_object(raw, kind, file)
        if isinstance(decoded, Reject):
            self.rejects.append(decoded)
            return None
        return decoded, raw

    def list(self, file: str, kind: type[T]) -> Decoded[T]:
        """A file that holds a list, all of it."""
        with self.open_list(file, kind) as opened:
            pieces = list(opened.pieces(self.rejects)) if opened else []
        if len(pieces) == 1:
            return pieces[0]
        return _together(pieces)

    def each(self, file: str, kind: type[T], take: Taker[T, R]) -> Sequence[R]:
        """What `take` makes of each piece of a file that holds a list."""
        with self.open_list(file, kind) as opened:
            return opened.each(take, self.rejects) if opened else []

    @contextmanager
    def open_list(self, file: str, kind: type[T], key: str | None = None) -> Iterator[ListFile[T] | None]:
        """A file that holds a list; null if the run lacks it."""
        if self._lacks(file):
            yield None
            return
        with self._open_file(file) as stream:
            yield ListFile(file, kind, key, stream, self.is_large(file), self._piece_bytes)

    def _lacks(self, file: str) -> bool:
        if file in self.inputs:
            return False
        self.rejects.append(Reject(Reason.FILE_MISSING, f"the run has no {file}", file))
        return True


def _together(pieces: Sequence[Decoded[T]]) -> Decoded[T]:
    return Decoded(
        [position for piece in pieces for position in piece.positions],
        [record for piece in pieces for record in piece.records],
    )
