"""Split runs into shards, and compute the fingerprint of a shard's inputs."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.repo_layout import folder_name, shard_key
from every_eval.errors import ConfigurationError
from every_eval.sources.source import Run


def check_folder_names(source: str, benchmarks: Sequence[str]) -> None:
    """Raise `ConfigurationError` if two benchmarks would share a folder."""
    taken: dict[str, str] = {}
    for benchmark in benchmarks:
        other = taken.setdefault(folder_name(source, benchmark).lower(), benchmark)
        if other != benchmark:
            raise ConfigurationError(
                f"The benchmarks {other!r} and {benchmark!r} of {source} would share the folder "
                f"{folder_name(source, benchmark)}. Follow only one of them."
            )


def split_into_shards(
    folder: str, runs: Iterable[Run], first: int, shard_bytes: int
) -> Iterator[tuple[str, list[Run]]]:
    """Sort new runs by (suite, name), and split them into new shards, numbered from `first` on.

    A shard ends before the run that would take its input above `shard_bytes`; every shard has at least one run.
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
    """Return a digest of all that determines a shard's rows: the first 12 hexadecimal digits of SHA-256."""
    parts = [
        [run.suite, run.name, dict(run.facts), run.problem, [[item.name, item.size, item.md5] for item in run.inputs]]
        for run in sorted(runs, key=lambda run: run.identity)
    ]
    return hashlib.sha256(canonical_json([data_version, parts]).encode()).hexdigest()[:12]
