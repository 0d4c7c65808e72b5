"""Which runs lie together: keys, assignment and fingerprints of shards."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.repo_layout import folder_name, shard_key
from every_eval.errors import ConfigurationError
from every_eval.sources.source import Run


def check_benchmarks(source: str, benchmarks: Sequence[str]) -> None:
    """Raise `ConfigurationError` where two benchmarks would share a folder."""
    taken: dict[str, str] = {}
    for benchmark in benchmarks:
        other = taken.setdefault(folder_name(source, benchmark).lower(), benchmark)
        if other != benchmark:
            raise ConfigurationError(f"benchmarks {other!r} and {benchmark!r} share one folder name; follow only one")


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
