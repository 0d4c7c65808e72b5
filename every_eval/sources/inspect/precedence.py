"""Choose which log stands for others: retries of an evaluation, copies, and logs that were made from another log.

A retry is a new log with the same `task_id`, which also holds the good samples of the earlier log with their uuids. A
log that was scored again or recovered has the same `eval_id` as the log it was made from, and so has a copy.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from every_eval.sources.inspect.log_names import makings, merged_log
from every_eval.sources.inspect.records import STARTED, Header


@dataclass(frozen=True)
class FoundLog:
    """A log with its header."""

    path: str
    """Path from the storage's root."""
    header: Header

    @property
    def rank(self) -> tuple[bool, bool, str, tuple[int, ...], str]:
        """Sort key within the logs of a `task_id`: success, finished, newest, scored again or recovered, first path."""
        status = self.header.status
        return self.header.is_success, status != STARTED, self.header.eval.created, makings(self.path), self.path


def copies(logs: Iterable[FoundLog]) -> Iterator[tuple[FoundLog, FoundLog]]:
    """Return each log that is a copy of another log, with the other: the copies of the same making but the first."""
    first: dict[tuple[object, ...], FoundLog] = {}
    for log in sorted(logs, key=lambda log: log.path):
        key = (log.header.eval.execution, log.header.status, makings(log.path))
        kept = first.setdefault(key, log)
        if kept is not log:
            yield log, kept


def superseded(logs: Iterable[FoundLog]) -> Mapping[str, str]:
    """Return for the path of each log that another log contains the path of the other."""
    known = {log.path: log for log in logs}
    found: dict[str, str] = {}
    best: dict[str, FoundLog] = {}
    for log in sorted(known.values(), key=lambda log: log.rank):
        best[log.header.eval.task_id or log.header.eval.execution] = log
    for path, log in known.items():
        merged = merged_log(path, known)
        standing = best[log.header.eval.task_id or log.header.eval.execution]
        if merged is not None and known[merged].header.is_success:
            found[path] = merged
        elif standing is not log:
            found[path] = standing.path
    return found
