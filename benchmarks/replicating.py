"""A corpus replicated: its runs over and over again, in suites of other names, until they fill so many shards.

    python -m benchmarks.replicating ROOT [--corpus FOLDER] [--benchmarks NAME ...] [--shards N] [--shard-mib N]
                                     [--run-mb N]

Copies are links to one file each, so that they take no space. With the setting that is printed at the end, every shard
has at least so many MiB of input.
"""

import argparse
import os
from itertools import count
from pathlib import Path

from benchmarks.enlarging import enlarge, open_corpus, read_run, summarised_runs
from benchmarks.measuring import MIB, show
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run
from every_eval.storage.storage import Storage

BENCHMARKS = ("lite", "mmlu", "classic")


def main() -> None:
    """Write a root, and print the setting for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="where the replica is written")
    add_options(parser, shards=12, shard_mib=64)
    options = parser.parse_args()
    limit = replicate(options, options.root)
    show(f"EVERY_EVAL_SHARD_BYTES={limit}")


def add_options(parser: argparse.ArgumentParser, *, shards: int, shard_mib: int) -> None:
    """What a replica is made of, and how large it is."""
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmarks", nargs="+", default=BENCHMARKS)
    parser.add_argument("--shards", type=int, default=shards, help="of all benchmarks together")
    parser.add_argument("--shard-mib", type=int, default=shard_mib, help="least input of a shard")
    parser.add_argument("--run-mb", type=int, default=0, help="size that runs are enlarged to; default: as they are")


def replicate(options: argparse.Namespace, root: Path) -> int:
    """Write a replica; the number of bytes that its shards are to be filled to."""
    storage, run_bytes = open_corpus(options.corpus), options.run_mb * 1_000_000
    replicas = [_Replica(storage, name, root, run_bytes) for name in options.benchmarks]
    limit: int = options.shard_mib * MIB + max(replica.largest for replica in replicas)
    for place, replica in enumerate(replicas):
        n_shards = len(range(place, options.shards, len(replicas)))
        if n_shards:
            replica.write(n_shards, options.shard_mib * MIB, limit)
    return limit


class _Replica:
    """One benchmark of a corpus."""

    def __init__(self, storage: Storage, benchmark: str, root: Path, run_bytes: int) -> None:
        self._storage = storage
        self._root = root
        self._run_bytes = run_bytes
        found = summarised_runs(storage, benchmark) if run_bytes else HelmSource().discover(storage, benchmark).runs
        self._runs = sorted(found, key=lambda run: run.identity)

    @property
    def largest(self) -> int:
        """Bytes that no run of it exceeds."""
        return self._run_bytes + max(run.n_bytes for run in self._runs)

    def write(self, n_shards: int, least: int, limit: int) -> None:
        """Copy runs in the order in which they are put into shards, and stop when the last shard is full."""
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
        """Write a run, or link it to its first copy; its size."""
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
