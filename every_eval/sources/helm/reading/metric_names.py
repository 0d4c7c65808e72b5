"""Codes for the names of a file's metrics, and how often a name has occurred under a key."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Raw

from every_eval.sources.decoding import decode_object
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import MetricName, Stat
from every_eval.sources.source import Reject

Codes = npt.NDArray[np.int32]

UNREADABLE: Final = -1
"""Code of a name that cannot be read."""
MAX_FIRST: Final = 16
"""Number of sequences that are compared one by one: with few sequences, that is faster than a look-up."""
MAX_SEQUENCES: Final = 4096
"""Number of sequences of names that are kept. The entries of a file share a few sequences; further ones are decoded
again."""


class Sequenced(NamedTuple):
    """The names of one entry's metrics, in their order."""

    id: int
    """Number of the sequence; equal for equal codes."""
    codes: Codes
    """Code of each name."""


class MetricNames:
    """Distinct (name, split, sub_split) with their codes, which count from 0 in the order of occurrence."""

    def __init__(
        self, file: str, perturbations: PerturbationReader, codes: dict[tuple[str, str | None, str | None], int]
    ) -> None:
        """`file` is the name of the file; new names are added to `codes`."""
        self.codes = codes
        self._file = file
        self._perturbations = perturbations
        self._spellings: dict[bytes, int] = {}
        self._first: list[tuple[list[Raw], Sequenced]] = []
        self._sequences: dict[bytes, Sequenced] = {}
        self._ids: dict[bytes, int] = {}

    def sequence(self, stats: Sequence[Stat]) -> Sequenced:
        """Return the codes of an entry's names."""
        names = [stat.name for stat in stats]
        for others, known in self._first:
            if names == others:
                return known
        return self._find(names)

    def _find(self, names: Sequence[Raw]) -> Sequenced:
        """Return what `sequence` returns, for names that are not among the first sequences.

        The names' JSON joined together tells sequences apart, since no JSON object is the beginning of another.
        """
        raw = b"".join(names)
        known = self._sequences.get(raw)
        if known is None:
            codes = np.array([self._code(bytes(name)) for name in names], np.int32)
            known = Sequenced(self._ids.setdefault(codes.tobytes(), len(self._ids)), codes)
            if len(self._first) < MAX_FIRST:
                self._first.append(
                    ([name.copy() for name in names], known)
                )  # a copy, so that the rest of the piece is freed
            elif len(self._sequences) < MAX_SEQUENCES:
                self._sequences[raw] = known
        return known

    def decode(self, raw: bytes, place: str) -> MetricName | Reject:
        """Decode one name, or return why it cannot be read."""
        name = decode_object(raw, MetricName, self._file, place)
        treatment = None if isinstance(name, Reject) else self._perturbations.read(name, self._file, place)
        return treatment if isinstance(treatment, Reject) else name

    def _code(self, raw: bytes) -> int:
        if raw not in self._spellings:
            name = self.decode(raw, "$")
            # Two spellings of one name are one metric. The perturbation is left out: it repeats that of the entry.
            self._spellings[raw] = (
                UNREADABLE
                if isinstance(name, Reject)
                else self.codes.setdefault((name.name, name.split, name.sub_split), len(self.codes))
            )
        return self._spellings[raw]


class Repetitions:
    """Counts how often each metric name of an entry has occurred under the entry's key.

    Keys with the same names so far share a state, so that an entry costs one look-up.
    """

    def __init__(self) -> None:
        """Start without any occurrence."""
        self._states: dict[tuple[tuple[int, int], ...], int] = {(): 0}
        """Number of each state: how often each name has occurred."""
        self._counts: list[dict[int, int]] = [{}]
        """Count of each name, by the number of the state."""
        self._steps: dict[tuple[int, int], tuple[int, Codes]] = {}
        """From a state and a sequence of names to the next state and the counts before the sequence."""
        self._of_key: dict[int, int] = {}
        """State of each key."""

    def next(self, key: int, names: Sequenced) -> Codes:
        """Return for each of the names how often it has occurred under the key before."""
        state = self._of_key.get(key, 0)
        step = self._steps.get((state, names.id))
        if step is None:
            step = self._steps[state, names.id] = self._step(state, names.codes)
        self._of_key[key] = step[0]
        return step[1]

    def _step(self, state: int, codes: Codes) -> tuple[int, Codes]:
        counts = dict(self._counts[state])
        before = np.zeros(len(codes), np.int32)
        for place, code in enumerate(codes.tolist()):
            before[place] = counts.get(code, 0)
            counts[code] = counts.get(code, 0) + 1
        after = self._states.setdefault(tuple(sorted(counts.items())), len(self._states))
        if after == len(self._counts):
            self._counts.append(counts)
        return after, before
