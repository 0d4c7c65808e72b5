"""Whole shards of ordinary runs, over `orjson.loads` of all their files, garbage collector off; then in parallel.

    python -m benchmarks.shards [--corpus FOLDER] [--benchmark NAME] [--runs N] [--run-mb N] [--shards N] [--folder F]

Runs are made by repeating the instances of real ones under new ids. Seconds of the processor are those of all
processes; the MD5 of every input, which our work includes, is measured by itself and taken off.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.enlarging import open_corpus, write_corpus
from benchmarks.measuring import MIB, Spread, floor, measure, show
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.planning import Shard, Status
from every_eval.ingestion.shard_files import ShardMaker
from every_eval.ingestion.workers.making import making
from every_eval.ingestion.workers.reading import reading
from every_eval.network.content import md5_of
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run
from every_eval.storage.folder import FolderStorage

N_REPEATS = 3


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmark", default="lite")
    parser.add_argument("--runs", type=int, default=48, help="runs of a shard")
    parser.add_argument("--run-mb", type=int, default=11, help="size of a run: 11 is one of Lite with 1,000 instances")
    parser.add_argument("--shards", type=int, default=4, help="shards of a batch: the same one, made several times")
    parser.add_argument("--folder", type=Path, help="where the runs are written, and removed; default: a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        root = Path(folder) / "root"
        write_corpus(open_corpus(options.corpus), options.benchmark, root, options.run_mb * 1_000_000, options.runs)
        storage = FolderStorage(root)
        runs = [_with_md5(storage, run) for run in HelmSource().discover(storage, options.benchmark).runs]
        _compare(storage, runs, Path(folder), options.shards)


def _compare(storage: FolderStorage, runs: list[Run], folder: Path, n_shards: int) -> None:
    entries = tuple(Entry(run, "helm_x_part_00001") for run in runs)
    shard = Shard("helm_x_part_00001", "helm_x", "0" * 12, Status.NEW, entries)
    files = [storage.read(f"{run.folder}/{item.name}") for run in runs for item in run.inputs]
    base = floor(files * n_shards, N_REPEATS)
    digests = measure(lambda: [md5_of(raw) for raw in files * n_shards], N_REPEATS)
    size = f"{n_shards} shards of {len(runs)} runs and {sum(map(len, files)) / MIB:.0f} MiB"
    show(f"{size}: floor {base.least:.2f} s, MD5 {digests.least:.2f} s")
    files.clear()
    elapsed = {}
    for n_processes in (1, 2):
        seconds, elapsed[n_processes] = _all_processes(partial(make, storage, shard, folder, n_processes, n_shards))
        ours = Spread([value - digests.least for value in seconds.seconds])
        show(f"{n_processes} process(es): {ours.over(base)} of the floor, {elapsed[n_processes]:.2f} s by the clock")
    show(f"two processes are {elapsed[1] / elapsed[2]:.2f} times as fast as one")


def make(storage: FolderStorage, shard: Shard, folder: Path, n_processes: int, n_shards: int) -> None:
    """Read the shard's runs and write its files, as often as there are shards in a batch."""
    with reading(HelmSource(), storage, n_processes, n_shards * shard.n_bytes) as reader:
        head = FolderHub(folder / "hub", lambda: datetime.now(UTC)).snapshot("a/b")
        batch = [replace(shard, key=f"{shard.key[:-1]}{number}") for number in range(n_shards)]
        for _, make_files in making(ShardMaker(reader, head, folder, str), batch):
            make_files()


def _with_md5(storage: FolderStorage, run: Run) -> Run:
    inputs = [replace(item, md5=md5_of(storage.read(f"{run.folder}/{item.name}"))) for item in run.inputs]
    return replace(run, inputs=tuple(inputs))


def _all_processes(work: Callable[[], object]) -> tuple[Spread, float]:
    """Seconds of this process and of those that it started and that ended, and the least by the clock."""
    seconds, clock = [], []
    for _ in range(N_REPEATS):
        before, start = _used(), time.perf_counter()
        work()
        clock.append(time.perf_counter() - start)
        seconds.append(_used() - before)
    return Spread(seconds), min(clock)


def _used() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()
