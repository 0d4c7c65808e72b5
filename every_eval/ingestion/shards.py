"""Split runs into shards, and compute the fingerprint of a shard's inputs."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.repo_layout import DIGEST_CHARACTERS, folder_name, shard_key
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


class MadeFrom(NamedTuple):
    """What the rows of one run are made from."""

    suite: str
    run: str
    inputs: str | None
    """Digest of the inputs; null if the run was never read, so that it has no rows."""
    releases: tuple[str, ...]
    """Releases that the rows name."""


def made_from(run: Run) -> MadeFrom:
    """Return what rows are made from if the run is read now."""
    return MadeFrom(run.suite, run.name, inputs_digest(run), run.releases)


def inputs_digest(run: Run) -> str:
    """Return a digest of all that determines a run's rows, except for the releases that show the run."""
    return _digest([dict(run.facts), run.problem, [[item.name, item.size, item.md5] for item in run.inputs]])


def fingerprint(runs: Iterable[MadeFrom], data_version: int) -> str:
    """Return a digest of all that determines a shard's rows."""
    return _digest([data_version, [list(run) for run in sorted(runs, key=lambda run: run[:2])]])


def _digest(parts: Sequence[object]) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of the parts."""
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:DIGEST_CHARACTERS]
