"""Replicate a corpus: copy its runs into suites of other names until the copies fill the wanted number of shards.

    python -m benchmarks.replica ROOT [--corpus FOLDER] [--benchmarks NAME ...] [--shards N] [--shard-mib N]
                                     [--run-mb N]

Copies are hard links, so they take no space. The program prints the setting with which every shard has at least the
wanted MiB of input.
"""

import argparse
import os
from itertools import count
from pathlib import Path

from benchmarks.enlarged_runs import enlarge, open_corpus, read_run, summarised_runs
from benchmarks.measurement import MIB, show
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run
from every_eval.storage.storage import Storage

BENCHMARKS = ("lite", "mmlu", "classic")


def main() -> None:
    """Write the replica, and print the setting for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder for the replica")
    add_options(parser, shards=12, shard_mib=64)
    options = parser.parse_args()
    limit = replicate(options, options.root)
    show(f"EVERY_EVAL_SHARD_BYTES={limit}")


def add_options(parser: argparse.ArgumentParser, *, shards: int, shard_mib: int) -> None:
    """Add the options that say what is replicated and how large the replica is."""
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmarks", nargs="+", default=BENCHMARKS, help="HELM projects to replicate")
    parser.add_argument("--shards", type=int, default=shards, help="number of shards of all benchmarks together")
    parser.add_argument("--shard-mib", type=int, default=shard_mib, help="least input of a shard, in MiB")
    parser.add_argument(
        "--run-mb", type=int, default=0, help="size that each run is enlarged to, in MB; 0: runs stay as they are"
    )


def replicate(options: argparse.Namespace, root: Path) -> int:
    """Write a replica, and return the bytes of input that its shards must be filled to."""
    storage, run_bytes = open_corpus(options.corpus), options.run_mb * 1_000_000
    replicas = [_Replica(storage, name, root, run_bytes) for name in options.benchmarks]
    limit: int = options.shard_mib * MIB + max(replica.largest for replica in replicas)
    for place, replica in enumerate(replicas):
        n_shards = len(range(place, options.shards, len(replicas)))
        if n_shards:
            replica.write(n_shards, options.shard_mib * MIB, limit)
    return limit


class _Replica:
    """The replica of one benchmark."""

    def __init__(self, storage: Storage, benchmark: str, root: Path, run_bytes: int) -> None:
        self._storage = storage
        self._root = root
        self._run_bytes = run_bytes
        found = summarised_runs(storage, benchmark) if run_bytes else HelmSource().discover(storage, benchmark).runs
        self._runs = sorted(found, key=lambda run: run.identity)

    @property
    def largest(self) -> int:
        """Upper bound of the size of a run, in bytes."""
        return self._run_bytes + max(run.n_bytes for run in self._runs)

    def write(self, n_shards: int, least: int, limit: int) -> None:
        """Copy runs in the order in which discovery assigns them to shards, until the last shard is full."""
        full, filled = 0, 0
        for number in count():
            for run in self._runs:
                n_bytes = self._copy(run, number)
                if filled + n_bytes > limit:
                    full, filled = full + 1, 0
                filled += n_bytes
                if full == n_shards - 1 and filled >= least:
                    return

    def _copy(self, run: Run, number: int) -> int:
        """Write a run, or link it to its first copy, and return its size in bytes."""
        suite = f"/{run.suite}/"
        first, folder = (self._root / run.folder.replace(suite, f"/{n:04d}-{run.suite}/") for n in (0, number))
        folder.mkdir(parents=True)
        if number:
            for file in first.iterdir():
                os.link(file, folder / file.name)
        else:
            files = read_run(self._storage, run)
            for name, raw in (enlarge(files, self._run_bytes) if self._run_bytes else files).items():
                (folder / name).write_bytes(raw)
        return sum(file.stat().st_size for file in first.iterdir())


if __name__ == "__main__":
    main()
