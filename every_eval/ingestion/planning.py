"""Decide which shards must be built, in which order, and which shards share a commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from every_eval.contracts.catalog import State
from every_eval.contracts.repo_layout import published_shards
from every_eval.ingestion.catalog import Catalog, Entry, by_shard
from every_eval.ingestion.shards import fingerprint
from every_eval.sources.source import Run


class Status(StrEnum):
    """How the published files of a shard compare with the shard's inputs in the catalog; the most urgent first."""

    NEW = "new"
    CHANGED = "changed"
    OUTDATED = "outdated"
    """Built from the same inputs by an older data version."""
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

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that are read to build the shard: all but the withdrawn runs."""
        return tuple(entry.run for entry in self.entries if entry.state is not State.WITHDRAWN)

    @property
    def n_bytes(self) -> int:
        """Total size of the inputs, in bytes."""
        return sum(entry.run.n_bytes for entry in self.entries)


def shards_of(catalog: Catalog, folder: str, paths: Iterable[str], data_version: int) -> Sequence[Shard]:
    """Return the shards of a benchmark in the order of their numbers; `paths` is a listing of the data repo."""
    published = published_shards(paths, folder)
    return [_shard(key, folder, entries, published, data_version) for key, entries in by_shard(catalog).items()]


def _shard(
    key: str, folder: str, entries: tuple[Entry, ...], published: Mapping[str, Sequence[str]], data_version: int
) -> Shard:
    runs = [entry.run for entry in entries]
    current = None if any(entry.lacks_md5 for entry in entries) else fingerprint(runs, data_version)
    there = published.get(key, ())
    if not there:
        status = Status.NEW
    elif there == [current]:
        status = Status.UNCHANGED
    elif any(fingerprint(runs, version) in there for version in range(1, data_version)):
        status = Status.OUTDATED
    else:
        status = Status.CHANGED
    return Shard(key, folder, current, status, entries)


def to_do(shards: Iterable[Shard], *, force: bool = False) -> list[Shard]:
    """Return the shards to build: first new shards, then changed shards, then shards of an older data version.

    With `force`, unchanged shards follow.
    """
    order = list(Status)
    pending = [shard for shard in shards if force or shard.status is not Status.UNCHANGED]
    return sorted(pending, key=lambda shard: (order.index(shard.status), shard.key))


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
