"""What lm-eval's files are called, and which of them were written together.

The time stamp in a name is that of the end of the run, and all files of one run carry the same. Nothing else pairs
them: re-runs lie in one folder, and one task's name may begin with another's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from every_eval.sources.source import Input
from every_eval.storage.storage import StoredObject

_STAMP: Final = r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d+)?)"
"""ISO 8601 without a zone, `-` for `:`; Python leaves out a fraction that is 0."""
_SAMPLES: Final = re.compile(rf"samples_(?P<task>.+)_{_STAMP}\.jsonl")
_RESULTS: Final = re.compile(rf".+_{_STAMP}\.json")


@dataclass(frozen=True)
class SamplesName:
    """What the name of a samples file says."""

    task: str
    stamp: str

    @classmethod
    def parse(cls, name: str) -> "SamplesName | None":
        """Null for a file that is called otherwise."""
        match = _SAMPLES.fullmatch(name)
        return cls(match["task"], match["stamp"]) if match else None


def stamp_of(results: str) -> str | None:
    """Time stamp in the name of a results file; null where it has none."""
    match = _RESULTS.fullmatch(results)
    return match["stamp"] if match else None


@dataclass(frozen=True)
class Folder:
    """The files in one folder, by name."""

    path: str
    """From the storage's root, without a slash at its end."""
    results: Mapping[str, StoredObject]
    """Every JSON file; whether one without a time stamp is lm-eval's is known when it is read."""
    samples: dict[tuple[str, str], StoredObject] = field(default_factory=dict)
    """By (time stamp, task): those not yet paired."""

    def claim(self, results: str) -> dict[str, StoredObject]:
        """The samples files, by task, that were written with a results file; they are nobody else's from then on."""
        stamp = stamp_of(results)
        return {key[1]: self.samples.pop(key) for key in sorted(self.samples) if key[0] == stamp}


def folders(objects: Iterable[StoredObject]) -> Iterator[Folder]:
    """The folders with results or samples in a listing, in the order of their paths."""
    parent = sorted(objects, key=lambda item: item.name.rpartition("/")[::2])
    for path, items in groupby(parent, key=lambda item: item.name.rpartition("/")[0]):
        found = {item.name.rpartition("/")[2]: item for item in items}
        samples = {(name.stamp, name.task): found[file] for file in found if (name := SamplesName.parse(file))}
        results = {file: item for file, item in found.items() if file.endswith(".json")}
        if results or samples:
            yield Folder(path, results, samples)


def as_input(item: StoredObject, md5: str | None = None) -> Input:
    """A listed object as an input of a run in its folder."""
    return Input(item.name.rpartition("/")[2], item.size, item.witness, item.md5 or md5)
