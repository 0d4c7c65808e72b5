"""Opening a run's inputs before they are asked for, so that the network and the processor work at once."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Final, Protocol, Self

from every_eval.ingestion.inputs import Opened, input_of, open_input
from every_eval.network.content import MEMORY_BYTES
from every_eval.sources.source import Input, Run
from every_eval.storage.storage import Storage

AHEAD_BYTES: Final = 64 << 20
"""Of inputs held in memory before they are asked for."""
THREADS: Final = 32

Key = tuple[str, str]
"""Folder of a run and name of its input."""


class Inputs(Protocol):
    """Opens the inputs of runs."""

    def expect(self, runs: Iterable[Run]) -> None:
        """Tell which runs will be read after those that are expected already."""
        ...

    def open(self, run: Run, name: str) -> Opened:
        """See `open_input`."""
        ...

    def finish(self, run: Run) -> None:
        """Give up what is expected of a run and was not asked for."""
        ...


@contextmanager
def opening(storage: Storage, n_threads: int = THREADS) -> Iterator[Inputs]:
    """Open inputs ahead where a network makes one wait for them; what is at hand is opened when it is asked for."""
    if storage.is_remote:
        with ReadAhead(storage, max(1, n_threads)) as ahead:
            yield ahead
    else:
        yield InTurn(storage)


@contextmanager
def expecting(inputs: Inputs, runs: Sequence[Run]) -> Iterator[None]:
    """Expect runs, whether or not they were expected already, until the context ends."""
    inputs.expect(runs)
    try:
        yield
    finally:
        for run in runs:
            inputs.finish(run)


@dataclass(frozen=True)
class InTurn:
    """Opens inputs when they are asked for, so that what is checked is still in the processor's cache when parsed."""

    storage: Storage

    def expect(self, runs: Iterable[Run]) -> None:
        """See `Inputs.expect`."""

    def open(self, run: Run, name: str) -> Opened:
        """See `open_input`."""
        return open_input(self.storage, run, name)

    def finish(self, run: Run) -> None:
        """See `Inputs.finish`."""


class ReadAhead:
    """Opens inputs in the order in which they are expected, as far as a bound on memory allows."""

    def __init__(self, storage: Storage, n_threads: int = THREADS, max_bytes: int = AHEAD_BYTES) -> None:
        """Opens nothing yet."""
        self._storage = storage
        self._max_bytes = max_bytes
        self._threads = ThreadPoolExecutor(n_threads, "read-ahead")
        self._lock = Lock()
        self._expected: OrderedDict[Key, Run] = OrderedDict()
        self._opening: dict[Key, tuple[Future[Opened], int]] = {}
        self._n_bytes = 0
        self._n_arriving = 0
        self._max_arriving = 2 * n_threads  # what comes next waits for no thread, and little comes without a bound

    def expect(self, runs: Iterable[Run]) -> None:
        """See `Inputs.expect`."""
        with self._lock:
            expected = {(run.folder, item.name): run for run in runs for item in run.inputs}
            self._expected |= {key: run for key, run in expected.items() if key not in self._opening}
            self._advance()

    def open(self, run: Run, name: str) -> Opened:
        """See `open_input`."""
        key = (run.folder, name)
        with self._lock:
            self._expected.pop(key, None)
            if key not in self._opening:
                self._start(key, run)
            opening, n_bytes = self._opening.pop(key)
        try:
            return opening.result()
        finally:
            with self._lock:
                self._n_bytes -= n_bytes
                self._advance()

    def finish(self, run: Run) -> None:
        """See `Inputs.finish`."""
        with self._lock:
            for key in [(run.folder, item.name) for item in run.inputs]:
                self._expected.pop(key, None)
                self._give_up(key)
            self._advance()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._expected.clear()
            for key in list(self._opening):
                self._give_up(key)
        self._threads.shutdown(cancel_futures=True)

    def _advance(self) -> None:
        while self._expected and self._n_arriving < self._max_arriving:
            key, run = next(iter(self._expected.items()))
            if self._n_bytes and self._n_bytes + _held_bytes(input_of(run, key[1])) > self._max_bytes:
                return
            del self._expected[key]
            self._start(key, run)

    def _start(self, key: Key, run: Run) -> None:
        n_bytes = _held_bytes(input_of(run, key[1]))
        self._n_bytes += n_bytes
        self._n_arriving += 1
        self._opening[key] = self._threads.submit(self._open, key, run), n_bytes

    def _open(self, key: Key, run: Run) -> Opened:
        item = input_of(run, key[1])
        try:
            file, item = open_input(self._storage, run, item.name)
            return file, item
        finally:
            with self._lock:
                self._arrive(key, item)
                self._advance()

    def _arrive(self, key: Key, item: Input) -> None:
        """Count what an input holds now that it is here: more than was stated, if it is stored as gzip."""
        self._n_arriving -= 1
        if key in self._opening:
            opening, n_bytes = self._opening[key]
            self._opening[key] = opening, _held_bytes(item)
            self._n_bytes += _held_bytes(item) - n_bytes

    def _give_up(self, key: Key) -> None:
        if key in self._opening:
            opening, n_bytes = self._opening.pop(key)
            self._n_bytes -= n_bytes
            if opening.cancel():
                self._n_arriving -= 1
            else:
                opening.add_done_callback(_close)


def _close(opening: Future[Opened]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].close()


def _held_bytes(item: Input) -> int:
    return MEMORY_BYTES if item.size is None else min(item.size, MEMORY_BYTES)
