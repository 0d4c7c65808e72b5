"""Find out whether damaged inputs would remove published rows, so that the shard is held back.

A run that has fewer rows than before may have been corrected by its authors. It counts as damaged only if files or rows
cannot be read that could be read before, or if the source now says that rows are missing. A change of every_eval is no
damage: only runs whose inputs have changed are looked at.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow.compute as pc

from every_eval.contracts.parquet import read_table
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import shard_path
from every_eval.hub.hub import Snapshot
from every_eval.ingestion.run_records import RunRecord
from every_eval.ingestion.shard_builder import ShardFiles

MAX_RUNS: Final = 3
"""Number of damaged runs that are described."""

Unread = Counter[tuple[str | None, str]]
"""Number of rejects by file and reason."""


def damage(files: ShardFiles, head: Snapshot) -> str | None:
    """Describe the damage because of which a shard must not replace what `head` has; null if there is none."""
    lines = list(_damaged_runs(files, head))
    if not lines:
        return None
    others = f"; and {len(lines) - MAX_RUNS} more runs" if len(lines) > MAX_RUNS else ""
    return "; ".join(lines[:MAX_RUNS]) + others


def _damaged_runs(files: ShardFiles, head: Snapshot) -> Iterator[str]:
    for record in files.records:
        before = files.shard.records.get(record.identity)
        if before is None or before.inputs in (None, record.inputs):
            continue
        lost = [
            f"{n_rows - record.n_rows[name]:,} of {n_rows:,} {name}"
            for name, n_rows in before.n_rows.items()
            if record.n_rows[name] < n_rows
        ]
        causes = list(_causes(files, head, before, record)) if lost else []
        if causes:
            yield f"{record.suite}/{record.run} would lose {', '.join(lost)}, because {' and '.join(causes)}"


def _causes(files: ShardFiles, head: Snapshot, before: RunRecord, record: RunRecord) -> Iterator[str]:
    """Yield in words what is damaged in a run and was not damaged before."""
    path = shard_path(REJECTS, files.shard.key, files.fingerprint)
    published = _unread([head.fetch(path)] if path in head.files else [], record)
    new = _unread([files.paths[REJECTS.name]] if REJECTS.name in files.paths else [], record) - published
    for file, reason in new:
        yield f"{file or 'the run'} has rejects of the kind {reason}"
    if not new and before.is_complete and not record.is_complete:
        yield "its own counts say that rows are missing"


def _unread(paths: Sequence[Path], record: RunRecord) -> Unread:
    of_run = (pc.field("suite") == record.suite) & (pc.field("run") == record.run)
    rows = read_table(REJECTS, paths, filters=of_run)
    return Counter(zip(rows["file"].to_pylist(), rows["reason"].to_pylist(), strict=True))
