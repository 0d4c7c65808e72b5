"""Find out what is new: compare the published shards with the shards that the state holds.

A state file holds the statistics, or the item scores, of up to 16 shards with consecutive numbers. Its name ends in a
digest of the keys and fingerprints of these shards. So two listings, of the data repo and of the scores repo, tell
which state files are out of date, and a new shard changes one file of each kind.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.item_scores import ITEM_SCORES
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
from every_eval.contracts.state import STATE, STATE_ITEM_SCORES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.hub.hub import Snapshot

SHARDS_PER_FILE: Final = 16

VERSION: Final = 2
"""Version of the state files' content, raised by hand when a change of ours changes the content."""


@dataclass(frozen=True)
class BenchmarkState:
    """The state files that one benchmark should have, by a listing of the data repo."""

    folder: str
    """Folder of the benchmark, for example `helm_lite`."""
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Fingerprints of the shards in each file of statistics: path of the file, then key of the shard."""
    item_files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Fingerprints of the shards in each file of item scores, likewise; a shard without item scores is in none."""
    releases: str | None = None
    """Path of the state's copy of the benchmark's releases; null if no releases are published."""
    problem: str | None = None
    """Why the benchmark cannot be scored; null if it can be."""

    @property
    def paths(self) -> set[str]:
        """Paths of all files of the benchmark's state."""
        return set(self.files) | set(self.item_files) | ({self.releases} if self.releases else set())


def expected_state(data: Snapshot, source: str) -> Iterator[BenchmarkState]:
    """Yield for each benchmark of a source the state files that its published shards call for."""
    for folder in published_folders(data.files, source):
        path = benchmark_path(RELEASES, folder)
        releases = state_releases_path(folder, data.files[path].digest) if path in data.files else None
        published = published_shards(data.files, folder)
        # The digest of a state file covers all fingerprints, so that it changes when the doubled files are deleted.
        shards = {key: "+".join(sorted(of_shard)) for key, of_shard in published.items()}
        with_items = {key: text for key, text in shards.items() if shard_path(ITEM_SCORES, key, text) in data.files}
        files, item_files = _files(STATE, folder, shards), _files(STATE_ITEM_SCORES, folder, with_items)
        yield BenchmarkState(folder, dict(files), dict(item_files), releases, _problem(folder, published))


def _problem(folder: str, shards: Mapping[str, Sequence[str]]) -> str | None:
    doubled = sorted(key for key, fingerprints in shards.items() if len(fingerprints) > 1)
    if not doubled:
        return None
    return (
        f"the data repo has several files in stats/{folder}/ for each of these shards: {', '.join(doubled)}. "
        "Delete all but the newest file of each shard."
    )


def _files(table: Table, folder: str, fingerprints: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    by_file: dict[int, dict[str, str]] = {}
    for key in sorted(fingerprints, key=shard_number):
        by_file.setdefault((shard_number(key) - 1) // SHARDS_PER_FILE, {})[key] = fingerprints[key]
    for number, shards in by_file.items():
        digest = hashlib.sha256(canonical_json([VERSION, shards]).encode()).hexdigest()
        yield state_path(table, folder, number * SHARDS_PER_FILE + 1, digest), shards


def data_fingerprint(data: Snapshot, benchmarks: Iterable[BenchmarkState]) -> str:
    """Return a digest of all that the scores are made from, the same on every Hub.

    The digest covers the fingerprints of all shards and the digests of the releases files.
    """
    shards, releases = [], {}
    for benchmark in benchmarks:
        shards += [shard_path(STATS, *shard) for file in benchmark.files.values() for shard in file.items()]
        if benchmark.releases is not None:
            path = benchmark_path(RELEASES, benchmark.folder)
            releases[path] = data.files[path].digest
    return hashlib.sha256(canonical_json([shards, releases]).encode()).hexdigest()


def outdated_files(
    scores: Snapshot, benchmarks: Iterable[BenchmarkState], source: str, kept: Set[str] = frozenset()
) -> list[str]:
    """Return the paths of a source's state files that the benchmarks no longer call for.

    `kept` has the folders of benchmarks whose files all stay.
    """
    published = {path for path in scores.files if is_state_of(source, path) and path.split("/")[1] not in kept}
    return sorted(published - {path for benchmark in benchmarks for path in benchmark.paths})
