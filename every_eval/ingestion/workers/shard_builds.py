"""Build several shards, in parallel if there is enough to read.

As many shards as can be divided evenly are built whole, each by one process, because that hands over no rows. The runs
of each other shard are shared among all processes, and this process writes their rows.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from every_eval.hub.hub import Snapshot
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.run_failures import RunFailed
from every_eval.ingestion.shard_builder import ShardBuilder, ShardFiles
from every_eval.ingestion.workers.read_ahead import Inputs, open_inputs
from every_eval.ingestion.workers.tasks import BuildShard, ExpectRuns
from every_eval.ingestion.workers.verified_runs import ReadRuns, read_runs
from every_eval.ingestion.workers.worker_pool import WorkerPool
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage

PROCESS_BYTES: Final = 128 << 20
"""Bytes of input that are worth the start of one more process."""

Build = Callable[[], ShardFiles]
"""Builds a shard's files, or waits until another process has built them; raises what went wrong with the shard."""
Builds = Iterator[tuple[Shard, Build]]
"""Shards in the order in which they are best built. Each must be built before the next one is requested."""


@dataclass(frozen=True)
class ShardBuilds:
    """Builds shards with up to `n_processes` processes; their number does not change a byte of the files."""

    source: Source
    storage: Storage
    published: Snapshot
    """What is published: a withdrawn run keeps its published rows."""
    workdir: Path
    report: Callable[[int], object]
    """Takes the size, in bytes, of each run that is done."""
    n_processes: int = 1

    @contextmanager
    def open(self, shards: Sequence[Shard]) -> Iterator[Builds]:
        """Start what is needed to build the shards, and stop it at the end of the context."""
        n_processes = min(self.n_processes, sum(shard.n_bytes for shard in shards) // PROCESS_BYTES)
        if n_processes < 2:
            with open_inputs(self.storage) as inputs:
                yield self._in_this_process(shards, inputs)
        else:
            with WorkerPool(self.source, self.storage, n_processes, self.report) as pool:
                yield self._in_parallel(shards, pool)

    def _builder(self, read: ReadRuns) -> ShardBuilder:
        return ShardBuilder(self.source, read, self.published, self.workdir, self.report)

    def _in_this_process(self, shards: Sequence[Shard], inputs: Inputs) -> Builds:
        builder = self._builder(partial(read_runs, self.source, inputs))
        for shard in shards:
            inputs.expect(shard.runs)
        for shard in shards:
            yield shard, partial(builder.build, shard)

    def _in_parallel(self, shards: Sequence[Shard], pool: WorkerPool) -> Builds:
        n_workers = len(pool.workers)
        whole = [shard for shard in shards if len(shard.runs) == len(shard.entries)]
        whole = whole[: len(whole) // n_workers * n_workers]
        builds: dict[str, Future[ShardFiles]] = {}
        for number, worker in enumerate(pool.workers):
            own = whole[number::n_workers]
            worker.submit(ExpectRuns([run for shard in own for run in shard.runs]))
            builds |= {shard.key: worker.submit(BuildShard(shard, self.workdir)) for shard in own}
        sharing = self._builder(pool.read_runs)
        for shard in whole:
            yield shard, partial(_built_whole, pool, builds[shard.key], sharing, shard)
        for shard in shards:
            if shard.key not in builds:
                yield shard, partial(sharing.build, shard)


def _built_whole(pool: WorkerPool, built: Future[ShardFiles], sharing: ShardBuilder, shard: Shard) -> ShardFiles:
    """Return what another process built; this process, which has the published rows, builds what failed there."""
    try:
        files: ShardFiles = pool.result(built)
    except RunFailed:
        return sharing.build(shard)
    return files
