"""Making several shards, some of them in other processes meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from every_eval.contracts.catalog import State
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.shard_files import ShardFiles, ShardMaker
from every_eval.ingestion.workers.processes import Worker

Make = Callable[[], ShardFiles]


def making(maker: ShardMaker, shards: Sequence[Shard]) -> Iterator[tuple[Shard, Make]]:
    """Each shard and the way to have its files, to be taken one after the other, in an order of their own.

    As many shards as come out even are made whole, each by one process, since that spares handing rows over; the runs
    of the others are shared.
    """
    n_processes = maker.reading.n_processes
    whole = [shard for shard in shards if all(entry.state is not State.WITHDRAWN for entry in shard.entries)]
    whole = whole[: len(whole) // n_processes * n_processes]
    workers = maker.reading.workers() if whole else ()
    for number, worker in enumerate(workers, start=1):
        worker.waiting += [(shard, maker.workdir) for shard in whole[number::n_processes]]
        worker.send()
    alone = maker.reading.alone()
    for shard in whole[::n_processes]:
        alone.inputs.expect(shard.runs)
    here = replace(maker, reading=alone)
    for first in range(0, len(whole), n_processes):
        own, *others = whole[first : first + n_processes]
        yield own, partial(here.make, own)
        for shard, worker in zip(others, workers, strict=True):
            yield shard, _Elsewhere(shard, worker, here)
    keys = {shard.key for shard in whole}
    for shard in shards:
        if shard.key not in keys:
            yield shard, partial(maker.make, shard)


@dataclass
class _Elsewhere:
    """A shard that a worker makes; if that fails, it is made here."""

    shard: Shard
    worker: Worker
    here: ShardMaker
    is_asked: bool = False

    def __call__(self) -> ShardFiles:
        if self.is_asked:
            return self.here.make(self.shard)
        self.is_asked = True
        self.worker.send()
        made: ShardFiles
        made, lines = self.worker.receive()
        for line in lines:
            self.here.report(line)
        return made
