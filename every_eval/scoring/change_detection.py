"""The state: which statistics are folded, told by the names of its files alone.

A state file holds the statistics of up to 16 shards with consecutive numbers, and its name ends in a digest of
which versions of them it holds. Two listings, the data repo's and the scores repo's, so say what is new, and a new
shard rewrites one file.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import (
    benchmark_path,
    is_state_of,
    published_folders,
    published_shards,
    shard_number,
    shard_path,
    state_path,
    state_releases_path,
)
from every_eval.contracts.stats import STATS
from every_eval.errors import ContractViolation
from every_eval.hub.hub import Snapshot

SHARDS_PER_FILE: Final = 16

VERSION: Final = 1
"""Raised by hand when a change of ours changes the state's files."""


@dataclass(frozen=True)
class Folding:
    """What the state of one benchmark holds, or should hold."""

    folder: str
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By path of a state file: the fingerprints of its shards."""
    releases: str | None = None
    """Path of the state's copy of the benchmark's releases."""

    @property
    def paths(self) -> set[str]:
        """Every file of the benchmark's state."""
        return set(self.files) | ({self.releases} if self.releases else set())


def wanted(data: Snapshot, source: str) -> Iterator[Folding]:
    """What the state should hold of each benchmark, by a listing of the data repo.

    Raises:
        ContractViolation: a shard is published twice.
    """
    for folder in published_folders(data.files, source):
        path = benchmark_path(RELEASES, folder)
        releases = state_releases_path(folder, data.files[path].digest) if path in data.files else None
        yield Folding(folder, dict(_files(folder, _fingerprints(data.files, folder))), releases)


def _fingerprints(paths: Iterable[str], folder: str) -> Mapping[str, str]:
    shards = published_shards(paths, folder)
    doubled = [key for key, digests in shards.items() if len(digests) > 1]
    if doubled:
        raise ContractViolation(f"published twice, and so counted by nobody: {', '.join(sorted(doubled))}")
    return {key: digests[0] for key, digests in shards.items()}


def _files(folder: str, fingerprints: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    buckets: dict[int, dict[str, str]] = {}
    for key in sorted(fingerprints, key=shard_number):
        buckets.setdefault((shard_number(key) - 1) // SHARDS_PER_FILE, {})[key] = fingerprints[key]
    for bucket, shards in buckets.items():
        digest = hashlib.sha256(canonical_json([VERSION, shards]).encode()).hexdigest()
        yield state_path(folder, bucket * SHARDS_PER_FILE + 1, digest), shards


def data_fingerprint(data: Snapshot, foldings: Iterable[Folding]) -> str:
    """Digest of what is folded, the same on every Hub: the versions of all shards, and the releases files' contents."""
    shards, releases = [], {}
    for folding in foldings:
        shards += [shard_path(STATS, *shard) for file in folding.files.values() for shard in file.items()]
        if folding.releases is not None:
            path = benchmark_path(RELEASES, folding.folder)
            releases[path] = data.files[path].digest
    return hashlib.sha256(canonical_json([shards, releases]).encode()).hexdigest()


def stale(scores: Snapshot, foldings: Iterable[Folding], source: str) -> list[str]:
    """State files of a source that should be there no more."""
    there = {path for path in scores.files if is_state_of(source, path)}
    return sorted(there - {path for folding in foldings for path in folding.paths})
