"""Reading a shard's runs: in this process, or in several that each read some of them."""

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
from every_eval.sources.read_ahead import THREADS, ReadAhead
from every_eval.sources.source import Run, RunRows, Source
from every_eval.sources.spool import Spooled
from every_eval.storage.storage import Storage

PROCESS_BYTES: Final = 128 << 20
"""Of input that is worth a process of its own."""
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
        with ReadAhead(self.storage) as ahead:
            ahead.expect(runs)
            for run in runs:
                yield self.source.read(run, partial(ahead.open, run))
                ahead.finish(run)


@contextmanager
def reading(source: Source, storage: Storage, n_processes: int, n_bytes: int) -> Iterator[Reading]:
    """A way to read `n_bytes` of input with up to `n_processes`; the rows are the same whatever their number."""
    n_worthwhile = min(n_processes, n_bytes // PROCESS_BYTES)
    if n_worthwhile < 2:
        yield ReadingHere(source, storage)
    else:
        with Workers(source, storage, n_worthwhile) as workers:
            yield workers


class Workers:
    """Reads runs in processes of their own, which import nothing but what reading takes."""

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
            except BaseException:
                self._stop()  # what they are still reading, nobody will ask for; and nobody may write there any more
                raise

    def _rows(self, runs: Sequence[Run], folder: Path) -> RunsRows:
        if not self._workers:
            start = partial(_Worker.start, self._source, self._storage, self._n_processes)
            self._workers = [start() for _ in range(self._n_processes)]
        readers: list[_Worker] = []
        n_bytes = dict.fromkeys(range(self._n_processes), 0)
        for number, run in enumerate(runs):
            least = min(n_bytes, key=lambda worker: n_bytes[worker])
            n_bytes[least] += run.n_bytes
            readers.append(self._workers[least])
            readers[-1].waiting.append((run, folder / str(number)))
        for reader in readers:
            for worker in self._workers:
                worker.send()
            yield reader.receive().pieces()

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
        worker._write((source, storage, max(1, THREADS // n_processes)))
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
