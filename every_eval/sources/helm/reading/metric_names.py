"""The names of a file's metrics as codes, and how often a sample's metrics repeat them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Raw

from every_eval.sources.decoding import decode_object
from every_eval.sources.helm.reading.perturbations import Treatments
from every_eval.sources.helm.reading.records import MetricName, Stat
from every_eval.sources.source import Reject

Codes = npt.NDArray[np.int32]

UNREADABLE: Final = -1
"""Code of a name that cannot be read."""
MAX_FIRST: Final = 16
"""Sequences that are compared one after the other: of a few, that takes less than to look one up."""
MAX_SEQUENCES: Final = 4096
"""Sequences of names that are remembered; entries of a file share a few, and what does not is decoded again."""


class Sequenced(NamedTuple):
    """The names of one entry's metrics, in their order."""

    id: int
    codes: Codes


class MetricNames:
    """Distinct (name, split, sub_split), each with its code: its position in the order in which they were met."""

    def __init__(self, file: str, treatments: Treatments, codes: dict[tuple[str, str | None, str | None], int]) -> None:
        """`file` holds the names; new ones are added to `codes`."""
        self.codes = codes
        self._file = file
        self._treatments = treatments
        self._spellings: dict[bytes, int] = {}
        self._first: list[tuple[list[Raw], Sequenced]] = []
        self._sequences: dict[bytes, Sequenced] = {}
        self._ids: dict[bytes, int] = {}

    def sequence(self, stats: Sequence[Stat]) -> Sequenced:
        """The codes of an entry's names."""
        names = [stat.name for stat in stats]
        for others, known in self._first:
            if names == others:
                return known
        return self._find(names)

    def _find(self, names: Sequence[Raw]) -> Sequenced:
        """See `sequence`.

        The names' JSON taken together tells sequences apart, since no JSON object is the beginning of another.
        """
        raw = b"".join(names)
        known = self._sequences.get(raw)
        if known is None:
            codes = np.array([self._code(bytes(name)) for name in names], np.int32)
            known = Sequenced(self._ids.setdefault(codes.tobytes(), len(self._ids)), codes)
            if len(self._first) < MAX_FIRST:
                self._first.append(([name.copy() for name in names], known))  # of the piece nothing else is to stay
            elif len(self._sequences) < MAX_SEQUENCES:
                self._sequences[raw] = known
        return known

    def decode(self, raw: bytes, place: str) -> MetricName | Reject:
        """One name, or why it cannot be read."""
        name = decode_object(raw, MetricName, self._file, place)
        treatment = None if isinstance(name, Reject) else self._treatments.of(name, self._file, place)
        return treatment if isinstance(treatment, Reject) else name

    def _code(self, raw: bytes) -> int:
        if raw not in self._spellings:
            name = self.decode(raw, "$")
            # Two spellings of one name are one metric, and the perturbation repeats the entry's.
            self._spellings[raw] = (
                UNREADABLE
                if isinstance(name, Reject)
                else self.codes.setdefault((name.name, name.split, name.sub_split), len(self.codes))
            )
        return self._spellings[raw]


class Repetitions:
    """How often each metric of a sample stood under the sample's key before.

    What stood there is a state, shared by all keys with the same metrics; so an entry costs one look-up.
    """

    def __init__(self) -> None:
        """Nothing stood anywhere."""
        self._states: dict[tuple[tuple[int, int], ...], int] = {(): 0}
        self._counts: list[dict[int, int]] = [{}]
        self._steps: dict[tuple[int, int], tuple[int, Codes]] = {}
        self._of_key: dict[int, int] = {}

    def next(self, key: int, names: Sequenced) -> Codes:
        """For each of the names, how often it stood under the key before."""
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
