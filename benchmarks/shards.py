"""Measure the CPU time to build shards of ordinary runs, over `orjson.loads` of their files; then with two processes.

    python -m benchmarks.shards [--corpus FOLDER] [--benchmark NAME] [--runs N] [--run-mb N] [--shards N] [--folder F]

The instances of real runs are repeated under new ids. CPU times are those of all processes. Building a shard includes
the MD5 of every input; that time is measured separately and subtracted.
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

from benchmarks.enlarged_runs import open_corpus, write_corpus
from benchmarks.measurement import MIB, Spread, floor, measure, show
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.planning import Shard, Status
from every_eval.ingestion.workers.shard_builds import ShardBuilds
from every_eval.network.content import md5_of
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run
from every_eval.storage.folder import FolderStorage

N_REPEATS = 3


def main() -> None:
    """Print the ratios to the floor, and of two processes to one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmark", default="lite", help="HELM project whose runs are read")
    parser.add_argument("--runs", type=int, default=48, help="number of runs in a shard")
    parser.add_argument(
        "--run-mb", type=int, default=11, help="size of a run, in MB; a run of Lite with 1,000 instances has 11"
    )
    parser.add_argument(
        "--shards", type=int, default=4, help="number of shards in a batch; all are built from the same runs"
    )
    parser.add_argument(
        "--folder", type=Path, help="folder for the runs, which are removed at the end; default: a temporary folder"
    )
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
        seconds, elapsed[n_processes] = _all_processes(partial(build, storage, shard, folder, n_processes, n_shards))
        ours = Spread([value - digests.least for value in seconds.seconds])
        show(f"{n_processes} process(es): {ours.over(base)} of the floor, {elapsed[n_processes]:.2f} s wall time")
    show(f"two processes are {elapsed[1] / elapsed[2]:.2f} times as fast as one")


def build(storage: FolderStorage, shard: Shard, folder: Path, n_processes: int, n_shards: int) -> None:
    """Build the files of a batch of shards, which differ only in their keys."""
    head = FolderHub(folder / "hub", lambda: datetime.now(UTC)).snapshot("a/b")
    batch = [replace(shard, key=f"{shard.key[:-1]}{number}") for number in range(n_shards)]
    with ShardBuilds(HelmSource(), storage, head, folder, str, n_processes).open(batch) as builds:
        for _, build_files in builds:
            build_files()


def _with_md5(storage: FolderStorage, run: Run) -> Run:
    inputs = [replace(item, md5=md5_of(storage.read(f"{run.folder}/{item.name}"))) for item in run.inputs]
    return replace(run, inputs=tuple(inputs))


def _all_processes(work: Callable[[], object]) -> tuple[Spread, float]:
    """Return the CPU seconds of this process and of the processes that it started, and the least wall time."""
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
