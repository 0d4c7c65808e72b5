"""Find lm-eval's output files by name, and pair the files that one evaluation wrote.

All files of an evaluation have the same time stamp in their names: the local time when the evaluation ended. Only the
exact time stamp pairs files: repeated evaluations share a folder, and the name of a task can begin with the name of
another task.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from every_eval.sources.source import Input
from every_eval.storage.storage import StoredObject

STAMP: Final = r"(?P<stamp>\d{4}-\d\d-\d\d[T _]\d\d[-:_.]?\d\d[-:_.]?\d\d([.,]\d+)?(Z|[+-]\d\d[-:_]?\d\d)?)"
"""Pattern of a time stamp: ISO 8601, with `-` for `:`. Python leaves out a fraction of 0. Older versions and copies of
files have `:` itself, another character, or a time zone."""
_SAMPLES: Final = re.compile(rf"samples_(?P<task>.+)_{STAMP}\.jsonl?")
_RESULTS: Final = re.compile(rf".+_{STAMP}\.json")
_OUTPUT: Final = re.compile(r"(^|/)(results|samples)[_.][^/]*\.jsonl?$")


def is_output(path: str) -> bool:
    """Tell whether a path is that of a file of lm-eval, by the beginning of the names that lm-eval itself chooses."""
    return _OUTPUT.search(path) is not None


@dataclass(frozen=True)
class SamplesName:
    """Parts of the name of a samples file."""

    task: str
    stamp: str

    @classmethod
    def parse(cls, name: str) -> "SamplesName | None":
        """Return the parts of a file name; null if the name is not that of a samples file."""
        match = _SAMPLES.fullmatch(name)
        return cls(match["task"], match["stamp"]) if match else None


def stamp_of(results: str) -> str | None:
    """Return the time stamp in the name of a results file; null if there is none."""
    match = _RESULTS.fullmatch(results)
    return match["stamp"] if match else None


@dataclass(frozen=True)
class OutputFolder:
    """A folder with output of lm-eval."""

    path: str
    """Path from the storage's root, without a slash at the end."""
    results: Mapping[str, StoredObject]
    """JSON files by name. A file without a time stamp may belong to another program, which shows when it is read."""
    samples: dict[tuple[str, str], StoredObject] = field(default_factory=dict)
    """Samples files that are not yet paired with a results file, by time stamp and task."""
    unstamped: dict[str, StoredObject] = field(default_factory=dict)
    """Files by name that may be samples files of old versions of lm-eval, which write no time stamp."""
    paired: dict[str, dict[str, StoredObject]] = field(default_factory=dict)
    """Samples files without a time stamp, by results file and task."""

    def pair(self, claims: Mapping[str, Mapping[str, str]]) -> None:
        """Pair samples files without a time stamp, named by results file and task, with these results files."""
        for results, names in claims.items():
            self.paired[results] = {task: self.unstamped.pop(name) for task, name in names.items()}

    def claim(self, results: str) -> dict[str, StoredObject]:
        """Remove and return the samples files of the same evaluation as a results file, by task."""
        stamp = stamp_of(results)
        if stamp is None:
            return self.paired.pop(results, {})
        return {key[1]: self.samples.pop(key) for key in sorted(self.samples) if key[0] == stamp}


def folders(objects: Iterable[StoredObject]) -> Iterator[OutputFolder]:
    """Return the folders of a listing that have results or samples, sorted by path."""
    parent = sorted(objects, key=lambda item: item.name.rpartition("/")[::2])
    for path, items in groupby(parent, key=lambda item: item.name.rpartition("/")[0]):
        found = {item.name.rpartition("/")[2]: item for item in items}
        samples = {(name.stamp, name.task): found[file] for file in found if (name := SamplesName.parse(file))}
        results = {file: found[file] for file in found if file.endswith(".json") and SamplesName.parse(file) is None}
        if results or samples:
            lists = {file: found[file] for file in found if file.endswith(".jsonl") and SamplesName.parse(file) is None}
            yield OutputFolder(path, results, samples, lists)


def as_input(item: StoredObject, md5: str | None = None) -> Input:
    """Return a listed object as an input file of a run in the same folder."""
    return Input(item.name.rpartition("/")[2], item.size, item.witness, item.md5 or md5)
