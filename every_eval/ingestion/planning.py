"""Which shards are to be made, and in which order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from every_eval.contracts.catalog import State
from every_eval.contracts.repo_layout import published_shards
from every_eval.ingestion.catalog import Catalog, Entry, by_shard
from every_eval.ingestion.shards import fingerprint
from every_eval.sources.source import Run


class Status(StrEnum):
    """What is published of a shard, against what the catalog says of its inputs; in the order of urgency."""

    NEW = "new"
    CHANGED = "changed"
    OUTDATED = "outdated"
    """Made from the same inputs by an older data version."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard as it should be."""

    key: str
    folder: str
    fingerprint: str | None
    """Null until every input has been read, as those of a new shard are while it is made."""
    status: Status
    entries: tuple[Entry, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that are read to make it: not those that are gone upstream."""
        return tuple(entry.run for entry in self.entries if entry.state is not State.WITHDRAWN)

    @property
    def n_bytes(self) -> int:
        """Size of the inputs together."""
        return sum(entry.run.n_bytes for entry in self.entries)


def shards_of(catalog: Catalog, folder: str, paths: Iterable[str], data_version: int) -> Sequence[Shard]:
    """Every shard of a benchmark, by its number; `paths` is a listing of the data repo."""
    published = published_shards(paths, folder)
    return [_shard(key, folder, entries, published, data_version) for key, entries in by_shard(catalog).items()]


def _shard(
    key: str, folder: str, entries: tuple[Entry, ...], published: Mapping[str, Sequence[str]], data_version: int
) -> Shard:
    runs = [entry.run for entry in entries]
    wanted = None if any(entry.lacks_md5 for entry in entries) else fingerprint(runs, data_version)
    there = published.get(key, ())
    if not there:
        status = Status.NEW
    elif there == [wanted]:
        status = Status.UNCHANGED
    elif any(fingerprint(runs, version) in there for version in range(1, data_version)):
        status = Status.OUTDATED
    else:
        status = Status.CHANGED
    return Shard(key, folder, wanted, status, entries)


def to_do(shards: Iterable[Shard], *, force: bool = False) -> list[Shard]:
    """The shards to make: new ones first, then changed ones, then those of an older data version.

    With `force`, unchanged ones too, last.
    """
    order = list(Status)
    wanted = [shard for shard in shards if force or shard.status is not Status.UNCHANGED]
    return sorted(wanted, key=lambda shard: (order.index(shard.status), shard.key))


def batches(shards: Iterable[Shard], max_bytes: int, max_shards: int) -> list[list[Shard]]:
    """Consecutive shards of one benchmark that are committed together, within both limits where one shard is."""
    found: list[list[Shard]] = []
    for shard in shards:
        last = found[-1] if found else []
        fits = len(last) < max_shards and sum(item.n_bytes for item in last) + shard.n_bytes <= max_bytes
        if last and fits and last[0].folder == shard.folder:
            last.append(shard)
        else:
            found.append([shard])
    return found
