"""Which runs lie together: keys, assignment and fingerprints of shards."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from every_eval.contracts.canonical import canonical_json
from every_eval.errors import ConfigurationError
from every_eval.sources.source import Run

_STATS_FILE: Final = re.compile(
    r"stats/(?P<folder>[A-Za-z0-9_]+)/(?P<shard>(?P=folder)_part_\d{5,})-(?P<digest>[0-9a-f]{12})\.parquet"
)


def folder_name(source: str, benchmark: str) -> str:
    """Folder of a benchmark's files on the Hub, and the beginning of its shards' keys."""
    return f"{source}_" + re.sub(r"[^A-Za-z0-9]", "_", benchmark)


def check_benchmarks(source: str, benchmarks: Sequence[str]) -> None:
    """Raise `ConfigurationError` where two benchmarks would share a folder."""
    taken: dict[str, str] = {}
    for benchmark in benchmarks:
        other = taken.setdefault(folder_name(source, benchmark).lower(), benchmark)
        if other != benchmark:
            raise ConfigurationError(f"benchmarks {other!r} and {benchmark!r} share one folder name; follow only one")


def shard_key(folder: str, number: int) -> str:
    """Key of a benchmark's `number`-th shard, counted from 1."""
    return f"{folder}_part_{number:05d}"


def shard_number(key: str) -> int:
    """Number of the shard within its benchmark."""
    return int(key.rpartition("_")[2])


def assign(folder: str, runs: Iterable[Run], first: int, shard_bytes: int) -> Iterator[tuple[str, list[Run]]]:
    """Put new runs, sorted by (suite, name), into new shards from number `first` on.

    A shard is closed when its next run would fill it beyond `shard_bytes` of input; every shard has a run.
    """
    members: list[Run] = []
    filled = 0
    for run in sorted(runs, key=lambda run: run.identity):
        if members and filled + run.n_bytes > shard_bytes:
            yield shard_key(folder, first), members
            first, members, filled = first + 1, [], 0
        members.append(run)
        filled += run.n_bytes
    if members:
        yield shard_key(folder, first), members


def fingerprint(runs: Iterable[Run], data_version: int) -> str:
    """Digest of what a shard is made from: 12 hexadecimal digits of SHA-256."""
    parts = [
        [run.suite, run.name, dict(run.facts), run.problem, [[item.name, item.size, item.md5] for item in run.inputs]]
        for run in sorted(runs, key=lambda run: run.identity)
    ]
    return hashlib.sha256(canonical_json([data_version, parts]).encode()).hexdigest()[:12]


def stats_path(folder: str, shard: str, digest: str) -> str:
    """Path of a shard's statistics on the Hub, which says what they were made from."""
    return f"stats/{folder}/{shard}-{digest}.parquet"


def published_shards(paths: Iterable[str], folder: str) -> Mapping[str, list[str]]:
    """The fingerprints published of each shard of a benchmark, by a listing of the Hub's paths."""
    found: dict[str, list[str]] = {}
    for path in paths:
        match = _STATS_FILE.fullmatch(path)
        if match and match["folder"] == folder:
            found.setdefault(match["shard"], []).append(match["digest"])
    return found


def folder_of(name: str) -> str:
    """Folder of a shard, by its key or by the name of a file of it."""
    return name.rpartition("_part_")[0]
