"""Reading a shard's runs: in this process, or with the help of others that each read some of them."""

import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from every_eval.errors import TransientError
from every_eval.sources.read_ahead import THREADS, opening
from every_eval.sources.source import Run, RunRows, Source
from every_eval.sources.spool import Spooled
from every_eval.storage.storage import Storage

PROCESS_BYTES: Final = 128 << 20
"""Of input that is worth a process of its own."""
STARTING_BYTES: Final = 48 << 20
"""Of input that is read while a process starts."""
WRITING: Final = 0.22
"""Of the time that reading takes, what it takes to write the rows, which is done in this process alone."""
RUNS_AHEAD: Final = 8
"""Runs that a process is given before the rows of the first of them have been taken."""

_BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from every_eval.sources.worker import main; main()"
)


RunsRows = Generator[Iterator[RunRows], None, None]
"""The pieces of one run after the other; each run's are to be gone through before the next run is asked for."""


class Reading(Protocol):
    """Turns runs into rows."""

    def rows(self, runs: Sequence[Run]) -> RunsRows:
        """The pieces of each run, in the order of `runs`.

        Raises:
            UpstreamUnavailable: an input could not be read as it was listed.
            TransientError: a process ended before its time.
        """
        ...


@dataclass(frozen=True)
class ReadingHere:
    """Reads one run after the other in this process."""

    source: Source
    storage: Storage

    def rows(self, runs: Sequence[Run]) -> RunsRows:
        """See `Reading.rows`."""
        with opening(self.storage) as inputs:
            inputs.expect(runs)
            for run in runs:
                yield self.source.read(run, partial(inputs.open, run))
                inputs.finish(run)


@contextmanager
def reading(source: Source, storage: Storage, n_processes: int, n_bytes: int) -> Iterator[Reading]:
    """A way to read `n_bytes` of input with up to `n_processes`; the rows are the same whatever their number."""
    n_worthwhile = min(n_processes, n_bytes // PROCESS_BYTES)
    if n_worthwhile < 2:
        yield ReadingHere(source, storage)
    else:
        with ReadingTogether(source, storage, n_worthwhile) as together:
            yield together


class ReadingTogether:
    """Reads some runs in this process, others in processes of their own that import nothing but what reading takes."""

    def __init__(self, source: Source, storage: Storage, n_processes: int) -> None:
        """Starts nothing yet."""
        self._source = source
        self._storage = storage
        self._n_processes = n_processes
        self._workers: list[_Worker] = []

    def rows(self, runs: Sequence[Run]) -> RunsRows:
        """See `Reading.rows`."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield from self._rows(runs, Path(folder))
            finally:
                if any(worker.waiting or worker.given for worker in self._workers):
                    self._stop()  # what is left, nobody will ask for; and nobody may write there any more

    def _rows(self, runs: Sequence[Run], folder: Path) -> RunsRows:
        readers = share(runs, self._n_processes, 0 if self._workers else STARTING_BYTES)
        if not self._workers:
            start = partial(_Worker.start, self._source, self._storage, self._n_processes)
            self._workers = [start() for _ in range(self._n_processes - 1)]
        for number, (run, reader) in enumerate(zip(runs, readers, strict=True)):
            if reader:
                self._workers[reader - 1].waiting.append((run, folder / str(number)))
        with opening(self._storage, THREADS // self._n_processes) as inputs:
            inputs.expect(run for run, reader in zip(runs, readers, strict=True) if not reader)
            for run, reader in zip(runs, readers, strict=True):
                for worker in self._workers:
                    worker.send()
                if reader:
                    yield self._workers[reader - 1].receive().pieces()
                else:
                    yield self._source.read(run, partial(inputs.open, run))
                    inputs.finish(run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

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


@dataclass
class _Worker:
    """A process that reads the runs it is given, one after the other."""

    process: subprocess.Popen[bytes]
    waiting: list[tuple[Run, Path]] = field(default_factory=list)
    given: list[Run] = field(default_factory=list)

    @classmethod
    def start(cls, source: Source, storage: Storage, n_processes: int) -> Self:
        """A process like this one, but without what this one has imported."""
        command = [sys.executable, "-c", _BOOT, json.dumps(sys.path)]
        worker = cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        worker._write((source, storage, THREADS // n_processes))
        return worker

    def send(self) -> None:
        """Give it runs, as many as it may be ahead."""
        while self.waiting and len(self.given) < RUNS_AHEAD:
            run, prefix = self.waiting.pop(0)
            self._write((run, prefix))
            self.given.append(run)

    def receive(self) -> Spooled:
        """The rows of the run that it was given first."""
        run = self.given.pop(0)
        try:
            answer = pickle.load(self.process.stdout)  # type: ignore[arg-type]
        except EOFError as error:
            raise TransientError(f"the process that read {run.name} has ended, perhaps for want of memory") from error
        if isinstance(answer, BaseException):
            raise answer
        spooled: Spooled = answer
        return spooled

    def stop(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.communicate()

    def _write(self, message: object) -> None:
        assert self.process.stdin is not None
        try:
            pickle.dump(message, self.process.stdin)
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise TransientError("a process that reads runs has ended, perhaps for want of memory") from error
