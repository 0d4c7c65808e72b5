"""Read a log, in either of Inspect's formats: the header, and the samples one after the other.

`.eval` is a zip file with a member for each sample, `.json` is one object. The header of a `.json` log comes before the
samples, in an order that Inspect guarantees, so that discovery reads only the beginning.
"""

import re
from collections.abc import Iterator
from typing import IO, Any, Final, Protocol, TypeVar

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import UNREADABLE
from every_eval.sources.inspect.chunked_samples import CHUNKED, resolve
from every_eval.sources.inspect.log_json import decode, decoded, restore
from every_eval.sources.inspect.records import Header, Sample, SampleScores
from every_eval.sources.inspect.zip_members import ZipMembers
from every_eval.sources.source import Reject
from every_eval.sources.splitting import find_spans

HEADER: Final = "header.json"
START: Final = "_journal/start.json"
"""Member that is written first, and holds the header of an unfinished log."""

_WHOLE: Final = re.compile(r"samples/.+_epoch_\d+\.json")
_FOLDER: Final = "samples/"
_PART: Final = re.compile(r"samples/.+_epoch_\d+/")
_SAMPLES: Final = re.compile(rb'"samples"\s*:\s*\[')
_HEAD_BYTES: Final = 1 << 16
_PIECE_BYTES: Final = 4 << 20
_NO_HEADER: Final = frozenset({"samples", "reductions", "written"})

S = TypeVar("S", bound=SampleScores)
PlacedSample = tuple[str, int, S | Reject]
"""Place of a sample in the log, size of its JSON in bytes, and the sample."""


class Log(Protocol):
    """A log whose header and samples can be read."""

    def header(self) -> Header | Reject:
        """Read all but the samples."""

    def samples(self, kind: type[S]) -> Iterator[PlacedSample[S]]:
        """Read the samples as records of type `kind`, in the order of the log."""


def open_log(file: IO[bytes], name: str) -> Log | Reject:
    """Open the seekable file `name`; a zip file without a readable directory is a reject."""
    if name.endswith(".json"):
        return JsonLog(file, name)
    members = ZipMembers.open(file, name)
    return members if isinstance(members, Reject) else EvalLog(members, name)


class EvalLog:
    """A log in the format `.eval`."""

    def __init__(self, members: ZipMembers, name: str) -> None:
        """Read the members of the file `name`."""
        self._members = members
        self._name = name

    def header(self) -> Header | Reject:
        for member in (HEADER, START):
            if member in self._members.infos:
                raw = self._members.read(member)
                return raw if isinstance(raw, Reject) else _header(raw, self._name, member)
        detail = f"not a log of Inspect: the zip file has neither {HEADER} nor {START}"
        return Reject(Reason.UNEXPECTED_SHAPE, detail, self._name)

    def samples(self, kind: type[S]) -> Iterator[PlacedSample[S]]:
        others: list[str] = []
        chunked: set[str] = set()
        for member in self._members.infos:
            if _WHOLE.fullmatch(member):
                yield self._sample(member, kind)
            elif match := CHUNKED.fullmatch(member):
                chunked.add(match["prefix"])
                yield self._sample(member, kind, match["prefix"])
            elif member.startswith(_FOLDER):
                others.append(member)
        folders = (match[0] if (match := _PART.match(name)) else name for name in others if name != _FOLDER)
        for place in dict.fromkeys(folders):
            if place not in chunked:
                detail = (
                    "a sample in a form that every_eval does not know: neither one file nor a folder with sample.json"
                )
                yield place, 0, Reject(Reason.UNEXPECTED_SHAPE, detail, self._name, place)

    def _sample(self, member: str, kind: type[S], prefix: str | None = None) -> PlacedSample[S]:
        """Read the sample in a member; `prefix` is its folder if it is a chunked sample."""
        raw = self._members.read(member)
        if isinstance(raw, Reject):
            return member, 0, raw
        sample = decoded(raw, kind, self._name, member)
        odd = resolve(sample, prefix, self._members) if prefix is not None and isinstance(sample, Sample) else None
        return member, len(raw), sample if odd is None else odd


class JsonLog:
    """A log in the format `.json`."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Read the seekable file `name`."""
        self._file = file
        self._name = name

    def header(self) -> Header | Reject:
        self._file.seek(0)
        head = b""
        while more := self._file.read(max(_HEAD_BYTES, len(head))):
            head += more
            for match in _SAMPLES.finditer(head):
                # Only where the list of samples is a field of the log itself, this closes everything.
                content = _try(head[: match.end()] + b"]}")
                if content is not None:
                    return _header(content, self._name)
        return _header(head, self._name)

    def samples(self, kind: type[S]) -> Iterator[PlacedSample[S]]:
        spans = find_spans(self._file, "samples", _PIECE_BYTES)
        if spans is None:
            yield from self._unsplit(kind)
            return
        for span in spans:
            raw = span.read(self._file)
            try:
                samples = decode(raw, list[kind])  # type: ignore[valid-type]
            except UNREADABLE:
                yield from self._elements(decode(raw, list[msgspec.Raw]), span.first, kind)
                continue
            size = len(raw) // max(len(samples), 1)
            yield from ((_place(position), size, sample) for position, sample in enumerate(samples, span.first))

    def _unsplit(self, kind: type[S]) -> Iterator[PlacedSample[S]]:
        """Read the samples of a file that cannot be cut, for example because there are none."""
        self._file.seek(0)
        content = decoded(self._file.read(), _Samples, self._name)
        if isinstance(content, Reject):
            yield content.place or "$", 0, content
        else:
            yield from self._elements(content.samples or [], 0, kind)

    def _elements(self, elements: list[msgspec.Raw], first: int, kind: type[S]) -> Iterator[PlacedSample[S]]:
        for position, raw in enumerate(elements, first):
            yield _place(position), len(raw), decoded(bytes(raw), kind, self._name, _place(position))


def _place(position: int) -> str:
    """Return the place of a sample in a `.json` log."""
    return f"$.samples[{position}]"


def _header(raw: bytes, name: str, member: str | None = None) -> Header | Reject:
    """Decode the header of the log `name`, which the JSON of its member, or the beginning of the file, holds."""
    written = decoded(raw, dict[str, Any], name, member)
    if isinstance(written, Reject):
        return written
    try:
        return Header.of({key: restore(value) for key, value in written.items() if key not in _NO_HEADER})
    except msgspec.ValidationError as error:
        detail, _, where = str(error).partition(" - at `$")
        place = (member or "$") + where.removesuffix("`")
        return Reject(Reason.UNEXPECTED_SHAPE, f"not a log of Inspect: {detail}", name, place)


class _Samples(msgspec.Struct):
    samples: list[msgspec.Raw] | None = None


def _try(content: bytes) -> bytes | None:
    try:
        decode(content, dict[str, msgspec.Raw])
    except UNREADABLE:
        return None
    return content
