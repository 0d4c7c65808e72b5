"""Name what a listing leaves out: links that are not followed, and names that are not UTF-8.

Each becomes a run that is rejected, so that the published rejects name it. Only a folder of this machine has such
entries, so that no other storage is listed a second time.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.source import Reject, Run
from every_eval.storage.storage import UNUSABLE_NAME, SkippedEntry, Storage

_ESCAPE: Final = "\\"
"""Begins an escaped byte; no name that is listed has it."""
_DETAILS: Final = {
    Reason.UNSAFE_NAME: "left out, because the name is not UTF-8 or holds a character that no bucket allows; rename it",
    Reason.FILE_MISSING: "left out, because it cannot be read safely; of a link, the target must lie in the root",
}


def unusable_folders(storage: Storage) -> list[str]:
    """Return the names, escaped, of entries of the root whose names are not UTF-8; files of results are none."""
    return [
        entry.name
        for entry in _skipped(storage, "")
        if "/" not in entry.name and entry.reason == UNUSABLE_NAME and not entry.name.endswith((".json", ".jsonl"))
    ]


def skipped_runs(storage: Storage, source: str, benchmark: str) -> Iterator[Run]:
    """Return a run for each entry of a benchmark that is left out, or for the benchmark itself."""
    if is_escaped(benchmark):
        entries = [entry for entry in _skipped(storage, "") if entry.name == benchmark]
    else:
        entries = [entry for entry in _skipped(storage, f"{benchmark}/") if not entry.is_alias]
    for entry in entries:
        problem = Reason.UNSAFE_NAME if entry.reason == UNUSABLE_NAME else Reason.FILE_MISSING
        name = entry.name.removeprefix(f"{benchmark}/")
        yield Run(source, benchmark, name, name, folder="", problem=problem)


def is_escaped(name: str) -> bool:
    """Tell whether a name stands for one that is not UTF-8."""
    return _ESCAPE in name


def reject_of(run: Run) -> Reject | None:
    """Return the reject of a run that stands for an entry that is left out; null for any other run."""
    return None if run.problem is None else Reject(run.problem, f"{run.name}: {_DETAILS[run.problem]}")


def _skipped(storage: Storage, prefix: str) -> Sequence[SkippedEntry]:
    return () if storage.is_remote else storage.skipped(prefix)
