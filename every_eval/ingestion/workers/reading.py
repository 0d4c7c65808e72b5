"""Reading a shard's runs: in this process, or with the help of others that each read some of them."""

import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from every_eval.ingestion.workers.processes import Worker
from every_eval.ingestion.workers.read_ahead import THREADS, Inputs, expecting, opening
from every_eval.ingestion.workers.whole_runs import Read, read_run
from every_eval.sources.source import Run, Source
from every_eval.storage.storage import Storage

PROCESS_BYTES: Final = 128 << 20
"""Of input that is worth a process of its own."""
STARTING_BYTES: Final = 48 << 20
"""Of input that is read while a process starts."""
WRITING: Final = 0.22
"""Of the time that reading takes, what it takes to write the rows, which is done in this process alone."""

RunsRows = Generator[Read, None, None]
"""One run after the other with its pieces; each run's are to be gone through before the next run is asked for."""


class Reading(Protocol):
    """Turns runs into rows."""

    @property
    def source(self) -> Source:
        """Whose runs are read."""
        ...

    @property
    def n_processes(self) -> int:
        """Processes that read, this one among them."""
        ...

    def workers(self) -> Sequence[Worker]:
        """The other processes."""
        ...

    def alone(self) -> "ReadingHere":
        """Reading in this process, while the others do something else."""
        ...

    def rows(self, runs: Sequence[Run]) -> RunsRows:
        """Each run and its pieces, in the order of `runs`.

        Raises:
            UpstreamUnavailable: an input could not be read as it was listed.
            TransientError: a process ended before its time.
        """
        ...


@dataclass(frozen=True)
class ReadingHere:
    """Reads one run after the other in this process; other runs than its own may be expected of its inputs already."""

    source: Source
    inputs: Inputs
    n_processes: int = 1

    def workers(self) -> Sequence[Worker]:
        """None."""
        return ()

    def alone(self) -> "ReadingHere":
        """See `Reading.alone`."""
        return self

    def rows(self, runs: Sequence[Run]) -> RunsRows:
        """See `Reading.rows`."""
        with expecting(self.inputs, runs):
            for run in runs:
                with read_run(self.source, self.inputs, run) as read:
                    yield read


@contextmanager
def reading(source: Source, storage: Storage, n_processes: int, n_bytes: int) -> Iterator[Reading]:
    """A way to read `n_bytes` of input with up to `n_processes`; the rows are the same whatever their number."""
    n_worthwhile = min(n_processes, n_bytes // PROCESS_BYTES)
    if n_worthwhile < 2:
        with opening(storage) as inputs:
            yield ReadingHere(source, inputs)
    else:
        with ReadingTogether(source, storage, n_worthwhile) as together:
            yield together


class ReadingTogether:
    """Reads some runs in this process, others in processes of their own that import nothing but what reading takes."""

    def __init__(self, source: Source, storage: Storage, n_processes: int) -> None:
        """Starts nothing yet."""
        self.source = source
        self._storage = storage
        self.n_processes = n_processes
        self._stack = ExitStack()
        self._inputs = self._stack.enter_context(opening(storage, THREADS // n_processes))
        self._workers: list[Worker] = []
        self._are_new = False

    def workers(self) -> Sequence[Worker]:
        """See `Reading.workers`; they are started when they are first asked for."""
        if not self._workers:
            start = partial(Worker.start, self.source, self._storage, self.n_processes)
            self._workers = [start() for _ in range(self.n_processes - 1)]
            self._are_new = True
        return self._workers

    def alone(self) -> ReadingHere:
        """See `Reading.alone`."""
        return ReadingHere(self.source, self._inputs)

    def rows(self, runs: Sequence[Run]) -> RunsRows:
        """See `Reading.rows`."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield from self._rows(runs, Path(folder))
            finally:
                if any(worker.is_busy for worker in self._workers):
                    self._stop()  # what is left, nobody will ask for; and nobody may write there any more

    def _rows(self, runs: Sequence[Run], folder: Path) -> RunsRows:
        workers = self.workers()
        readers = share(runs, self.n_processes, STARTING_BYTES if self._are_new else 0)
        self._are_new = False
        for number, (run, reader) in enumerate(zip(runs, readers, strict=True)):
            if reader:
                workers[reader - 1].waiting.append((run, folder / str(number)))
        here = [run for run, reader in zip(runs, readers, strict=True) if not reader]
        with expecting(self._inputs, here):
            for run, reader in zip(runs, readers, strict=True):
                for worker in workers:
                    worker.send()
                if reader:
                    whole, spooled = workers[reader - 1].receive()
                    yield whole, spooled.pieces()
                else:
                    with read_run(self.source, self._inputs, run) as read:
                        yield read

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._stack.close()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers.clear()


def share(runs: Sequence[Run], n_processes: int, starting_bytes: int) -> Sequence[int]:
    """Which process reads each run: 0 is this one, which writes all of them and is there from the start."""
    work = [0.0, *[float(starting_bytes)] * (n_processes - 1)]
    readers = []
    for run in runs:
        work[0] += WRITING * run.n_bytes
        readers.append(work.index(min(work)))
        work[readers[-1]] += run.n_bytes
    return readers
