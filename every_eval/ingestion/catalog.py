"""The catalog of a benchmark: every known run, its input files, and the shard that holds it.

Discovery merges the runs that it finds into the catalog. The catalog never loses a run, and a run never moves to
another shard.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.rejects import Reason
from every_eval.contracts.repo_layout import shard_number
from every_eval.ingestion.gc_pause import gc_paused
from every_eval.ingestion.inputs import open_input
from every_eval.ingestion.progress import Progress
from every_eval.ingestion.shards import split_into_shards
from every_eval.sources.source import Input, Run
from every_eval.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class Entry:
    """A run and the shard that holds it."""

    run: Run
    shard: str | None
    """Key of the shard; null until the run is assigned to a shard."""
    state: State = State.PRESENT

    @property
    def lacks_md5(self) -> bool:
        """Whether the MD5 of an input is unknown until the input is read; a withdrawn run is not read."""
        return self.state is State.PRESENT and any(item.md5 is None for item in self.run.inputs)


Catalog = tuple[Entry, ...]
"""The entries of one benchmark, sorted by the identity of their runs."""


def catalog_table(entries: Iterable[Entry]) -> pa.Table:
    """Convert entries to rows of the contract `catalog`."""
    return pa.Table.from_pylist([_row(entry) for entry in entries], schema=CATALOG.schema)


def _row(entry: Entry) -> dict[str, object]:
    run = entry.run
    return {
        "source": run.source,
        "benchmark": run.benchmark,
        "suite": run.suite,
        "run": run.name,
        "releases": list(run.releases),
        "shard": entry.shard,
        "state": entry.state,
        "n_bytes": run.n_bytes,
        "inputs": [
            {"name": item.name, "size": item.size, "md5": item.md5, "witness": item.witness} for item in run.inputs
        ],
        "facts": [{"name": name, "value": value} for name, value in sorted(run.facts.items())],
        "folder": run.folder,
        "problem": run.problem,
    }


def catalog_entries(table: pa.Table) -> Catalog:
    """Convert rows of the contract `catalog` to entries."""
    with gc_paused():
        return tuple(_entry(row) for row in table.to_pylist())


def _entry(row: Mapping[str, object]) -> Entry:
    fields: dict[str, object] = {name: row[name] for name in ("source", "benchmark", "suite", "folder")}
    run = Run(
        **fields,  # type: ignore[arg-type]
        name=str(row["run"]),
        inputs=tuple(Input(**item) for item in row["inputs"]),  # type: ignore[attr-defined]
        releases=tuple(row["releases"]),  # type: ignore[arg-type]
        facts={fact["name"]: fact["value"] for fact in row["facts"]},  # type: ignore[attr-defined]
        problem=None if row["problem"] is None else Reason(str(row["problem"])),
    )
    return Entry(run, None if row["shard"] is None else str(row["shard"]), State(str(row["state"])))


def merge(known: Catalog, found: Sequence[Run]) -> Catalog:
    """Return the catalog after a discovery: the runs that were found, and known runs that are gone as withdrawn.

    An input with an unchanged witness keeps its known MD5. An input with a changed witness has an MD5 only if the
    storage states it. A run that the source now names otherwise keeps its shard, and its old name is forgotten: the
    old name can hold what is no longer published.
    """
    before = {entry.run.identity: entry for entry in known}
    origins = {run.origin for run in found} - {None}
    names = {run.identity for run in found}
    renamed = {entry.run.origin: entry for entry in known if entry.run.identity not in names}
    after = {
        run.identity: _merge_run(run, before.get(run.identity) or (renamed.get(run.origin) if run.origin else None))
        for run in found
    }
    for identity, entry in before.items():
        if identity not in after and entry.run.origin not in origins:
            after[identity] = replace(entry, state=State.WITHDRAWN)
    return tuple(after[identity] for identity in sorted(after))


def _merge_run(run: Run, before: Entry | None) -> Entry:
    if before is None:
        return Entry(run, None)
    if run.problem is Reason.RUN_MISSING and before.run.inputs:
        return replace(before, state=State.WITHDRAWN)
    return Entry(_with_known(run, before.run), before.shard)


def fill_in(entries: Catalog, read: Iterable[Entry]) -> Catalog:
    """Copy sizes and MD5s from entries that were read, for each input whose witness is still the same."""
    runs = {(entry.run.identity, entry.run.folder): entry.run for entry in read}
    keys = ((entry.run.identity, entry.run.folder) for entry in entries)
    return tuple(
        replace(entry, run=_with_known(entry.run, runs[key])) if key in runs else entry
        for entry, key in zip(entries, keys, strict=True)
    )


def _with_known(run: Run, before: Run) -> Run:
    seen = {(item.name, item.witness): item for item in before.inputs}
    inputs = tuple(_known_input(item, seen.get((item.name, item.witness))) for item in run.inputs)
    return replace(run, inputs=inputs)


def _known_input(item: Input, before: Input | None) -> Input:
    return item if before is None else replace(item, size=before.size, md5=item.md5 or before.md5)


def assign_shards(entries: Catalog, folder: str, shard_bytes: int, max_runs: int | None) -> Catalog:
    """Assign runs without a shard to new shards: the first `max_runs` of them, in the order of their identity."""
    waiting = [entry.run for entry in entries if entry.shard is None and entry.state is State.PRESENT]
    first = max((shard_number(entry.shard) for entry in entries if entry.shard is not None), default=0) + 1
    shards = {
        run.identity: key
        for key, runs in split_into_shards(folder, waiting[:max_runs], first, shard_bytes)
        for run in runs
    }
    return tuple(replace(entry, shard=entry.shard or shards.get(entry.run.identity)) for entry in entries)


N_THREADS: Final = 16
"""Number of threads that read inputs for their MD5s."""

Digests = dict[tuple[str, str], Input]
"""Inputs with size and MD5, by the path and witness of the stored object."""


def with_digests(
    entries: Catalog, shards: Container[str | None], storage: Storage, known: Digests, report: Callable[[str], object]
) -> Catalog:
    """Read every input of the shards' runs that has no MD5 yet, and fill in its MD5.

    `known` holds the inputs that were read before; the inputs that are read now are added to it.

    Raises:
        UpstreamUnavailable: an input is no longer as it was listed.
    """
    lacking = [entry for entry in entries if entry.shard in shards and entry.lacks_md5]
    n_bytes = sum(entry.run.n_bytes for entry in lacking)
    progress = Progress(report, "computing MD5s", len(lacking), n_bytes)
    read = {}
    with ThreadPoolExecutor(N_THREADS) as threads:
        for entry, run in zip(
            lacking, threads.map(lambda entry: _with_md5(entry.run, storage, known), lacking), strict=True
        ):
            read[entry.run.identity] = replace(entry, run=run)
            progress.add(entry.run.n_bytes)
    return tuple(read.get(entry.run.identity, entry) for entry in entries)


def _with_md5(run: Run, storage: Storage, known: Digests) -> Run:
    inputs = []
    for item in run.inputs:
        key = (f"{run.folder}/{item.name}", item.witness)
        if item.md5 is None and key not in known:
            file, known[key] = open_input(storage, run, item.name)
            file.close()
        inputs.append(known[key] if item.md5 is None else item)
    return replace(run, inputs=tuple(inputs))


def by_shard(entries: Iterable[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """Group the entries by shard, in the order of the shards' numbers."""
    shards: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.shard is not None:
            shards.setdefault(entry.shard, []).append(entry)
    return {key: tuple(shards[key]) for key in sorted(shards, key=shard_number)}
