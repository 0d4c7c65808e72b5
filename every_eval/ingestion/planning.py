"""Decide which shards must be built, in which order, and which shards share a commit."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from every_eval.contracts.catalog import State
from every_eval.contracts.repo_layout import published_shards
from every_eval.hub.hub import Snapshot
from every_eval.ingestion.catalog import Catalog, Entry, by_shard
from every_eval.ingestion.run_records import RunKey, RunRecord
from every_eval.ingestion.shard_index import IndexRow, read_index
from every_eval.ingestion.shards import MadeFrom, fingerprint, inputs_digest, made_from
from every_eval.ingestion.whole_shards import missing_files
from every_eval.network.unexpected import program_version
from every_eval.sources.source import Run


class Status(StrEnum):
    """What has to be done for a shard, by its published files and its inputs in the catalog; the most urgent first."""

    NEW = "new"
    INCOMPLETE = "incomplete"
    """Some of its published files are no longer there: all of its runs are read again."""
    CHANGED = "changed"
    RELABELLED = "relabelled"
    """Only the releases that show its runs have changed: its files are made again from the published rows."""
    OUTDATED = "outdated"
    """Built from the same inputs by an older data version."""
    HELD_BACK = "held back"
    """Its inputs are damaged: what was published before stays, until the inputs change or somebody acknowledges it."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard as the catalog describes it."""

    key: str
    folder: str
    fingerprint: str | None
    """Fingerprint of the inputs; null while the MD5 of an input is unknown, as it can be for a new shard."""
    status: Status
    entries: tuple[Entry, ...]
    records: Mapping[RunKey, RunRecord] = field(default_factory=dict)
    """What the published rows of each run are made from."""
    disagreements: Sequence[Mapping[str, Any]] = ()
    """The first disagreements of the published rows."""

    def is_read(self, entry: Entry) -> bool:
        """Tell whether a run is read to build the shard. If not, its published rows stay."""
        return entry.state is not State.WITHDRAWN and self.status is not Status.RELABELLED

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that are read to build the shard."""
        return tuple(entry.run for entry in self.entries if self.is_read(entry))

    @property
    def n_bytes(self) -> int:
        """Total size of the inputs, in bytes."""
        return sum(entry.run.n_bytes for entry in self.entries)

    def has_inputs_of(self, entries: Iterable[Entry]) -> bool:
        """Tell whether the entries of a shard that was built are those of the catalog."""
        return [*map(_inputs, self.entries)] == [*map(_inputs, entries)]


def _inputs(entry: Entry) -> tuple[State, MadeFrom]:
    return entry.state, made_from(entry.run)


def shards_of(catalog: Catalog, folder: str, head: Snapshot, data_version: int) -> Sequence[Shard]:
    """Return the shards of a benchmark in the order of their numbers; `head` is the newest commit of the data repo."""
    published = published_shards(head.files, folder)
    index = {row["shard"]: row for row in read_index(head, folder)}
    incomplete = {
        key
        for key, fingerprints in published.items()
        if any(missing_files(head, key, fingerprint, index.get(key)) for fingerprint in fingerprints)
    }
    return [
        plan_shard(key, folder, entries, published.get(key, ()), index.get(key), data_version, key not in incomplete)
        for key, entries in by_shard(catalog).items()
    ]


def plan_shard(
    key: str,
    folder: str,
    entries: tuple[Entry, ...],
    published: Sequence[str],
    row: IndexRow | None,
    data_version: int,
    is_whole: bool = True,
) -> Shard:
    """Compare a shard with its published files.

    Args:
        key: Key of the shard.
        folder: Folder of the benchmark.
        entries: Runs of the shard.
        published: Published fingerprints of the shard.
        row: Row of the index of shards for the published files; null if the index does not know them.
        data_version: Data version of the source.
        is_whole: Whether all of the shard's published files are there.
    """
    records = {record.identity: record for record in map(RunRecord.of_row, row["runs"] if row else ())}
    wanted = [_wanted(entry, records.get(entry.run.identity)) for entry in entries]
    current = None if any(entry.lacks_md5 for entry in entries) else fingerprint(wanted, data_version)
    is_held_back = row is not None and current is not None and row["held_back_fingerprint"] == current
    if not published:
        status = Status.NEW
    elif not is_whole:
        status = Status.INCOMPLETE
    elif published == [current]:
        status = Status.UNCHANGED
    elif is_held_back:
        status = Status.HELD_BACK
    elif current is not None and _is_relabelled(wanted, records, published, data_version):
        status = Status.RELABELLED
    elif any(fingerprint(wanted, version) in published for version in range(1, data_version)):
        status = Status.OUTDATED
    else:
        status = Status.CHANGED
    return Shard(key, folder, current, status, entries, records, row["disagreements"] if row else ())


def _wanted(entry: Entry, record: RunRecord | None) -> MadeFrom:
    """Return what the rows of a run are made from once the shard is built.

    A withdrawn run keeps its published rows. So does a run whose inputs this version of every_eval cannot read.
    """
    kept = record or RunRecord(*entry.run.identity)
    is_failed = kept.failed_version == program_version() and kept.failed_inputs == inputs_digest(entry.run)
    return kept.made_from if entry.state is State.WITHDRAWN or is_failed else made_from(entry.run)


def _is_relabelled(
    wanted: Sequence[MadeFrom], records: Mapping[RunKey, RunRecord], published: Sequence[str], data_version: int
) -> bool:
    """Tell whether the published files were made by this data version from the wanted inputs of the same runs."""
    before = {identity: record.inputs for identity, record in records.items()}
    is_made_by_us = published == [fingerprint((record.made_from for record in records.values()), data_version)]
    return is_made_by_us and before == {(run.suite, run.run): run.inputs for run in wanted}


def held_back_text(reason: str) -> str:
    """Say why a shard is held back, and what people can do."""
    return (
        f"{reason}. What was published before stays, until the files change at the source. If the loss is right, "
        "acknowledge the shard, and the next run publishes it."
    )


def failure_text(failure: str) -> str:
    """Say that a run could not be read, and what people can do."""
    return (
        f"every_eval failed to read the run: {failure}. What was published of the run before stays. Report this as a "
        "bug of every_eval; the next version reads the run again."
    )


def to_do(shards: Iterable[Shard], *, force: bool = False, acknowledged: Container[str] = ()) -> list[Shard]:
    """Return the shards to build: first new shards, then changed shards, then shards of an older data version.

    A shard that is held back is built if its key is `acknowledged`. With `force`, all other shards follow.
    """
    order = list(Status)
    pending = [shard for shard in shards if force or _is_pending(shard, acknowledged)]
    return sorted(pending, key=lambda shard: (order.index(shard.status), shard.key))


def _is_pending(shard: Shard, acknowledged: Container[str]) -> bool:
    return shard.status not in (Status.UNCHANGED, Status.HELD_BACK) or (
        shard.status is Status.HELD_BACK and shard.key in acknowledged
    )


def batches(shards: Iterable[Shard], max_bytes: int, max_shards: int) -> list[list[Shard]]:
    """Group consecutive shards of one benchmark into commits; only a single shard may exceed `max_bytes` of input."""
    groups: list[list[Shard]] = []
    for shard in shards:
        last = groups[-1] if groups else []
        fits = len(last) < max_shards and sum(item.n_bytes for item in last) + shard.n_bytes <= max_bytes
        if last and fits and last[0].folder == shard.folder:
            last.append(shard)
        else:
            groups.append([shard])
    return groups
