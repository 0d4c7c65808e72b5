"""Fetch the input files of runs before they are parsed, so that the network and the processor work at the same time."""

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
"""Bytes of input that are kept in memory before the reader asks for them."""
THREADS: Final = 32
"""Number of threads that fetch inputs, in all processes together."""

Key = tuple[str, str]
"""Folder of a run, and name of one of its inputs."""


class Inputs(Protocol):
    """Opens the inputs of runs."""

    def expect(self, runs: Iterable[Run]) -> None:
        """Announce runs that will be read after those announced before."""

    def open(self, run: Run, name: str) -> Opened:
        """Open one input, complete and unchanged.

        Raises:
            UpstreamUnavailable: the input is gone, or has changed since it was listed.
        """

    def finish(self, run: Run) -> None:
        """Release the inputs of an announced run that were not opened."""


@contextmanager
def open_inputs(storage: Storage, n_threads: int = THREADS) -> Iterator[Inputs]:
    """Open inputs ahead if they come over a network, else when the reader asks for them."""
    if storage.is_remote:
        with ReadAhead(storage, max(1, n_threads)) as ahead:
            yield ahead
    else:
        yield OnDemand(storage)


@contextmanager
def expecting(inputs: Inputs, runs: Sequence[Run]) -> Iterator[None]:
    """Announce runs, if they are not announced yet; at the end of the context, release what was not opened."""
    inputs.expect(runs)
    try:
        yield
    finally:
        for run in runs:
            inputs.finish(run)


@dataclass(frozen=True)
class OnDemand:
    """Opens an input when the reader asks for it: its bytes are then still in the processor's cache when parsed."""

    storage: Storage

    def expect(self, runs: Iterable[Run]) -> None:
        pass

    def open(self, run: Run, name: str) -> Opened:
        return open_input(self.storage, run, name)

    def finish(self, run: Run) -> None:
        pass


class ReadAhead:
    """Opens inputs in the order in which runs are announced, as far as a limit on memory allows."""

    def __init__(self, storage: Storage, n_threads: int = THREADS, max_bytes: int = AHEAD_BYTES) -> None:
        """`n_threads` fetch at the same time; up to `max_bytes` of input are kept in memory."""
        self._storage = storage
        self._max_bytes = max_bytes
        self._threads = ThreadPoolExecutor(n_threads, "read-ahead")
        self._lock = Lock()
        self._expected: OrderedDict[Key, Run] = OrderedDict()
        self._opening: dict[Key, tuple[Future[Opened], int]] = {}
        self._n_bytes = 0
        self._n_arriving = 0
        self._max_arriving = (
            2 * n_threads
        )  # Enough that no thread waits for work; few enough to limit inputs of unknown size.

    def expect(self, runs: Iterable[Run]) -> None:
        with self._lock:
            expected = {(run.folder, item.name): run for run in runs for item in run.inputs}
            self._expected |= {key: run for key, run in expected.items() if key not in self._opening}
            self._advance()

    def open(self, run: Run, name: str) -> Opened:
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
        with self._lock:
            for key in [(run.folder, item.name) for item in run.inputs]:
                self._expected.pop(key, None)
                self._release(key)
            self._advance()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._expected.clear()
            for key in list(self._opening):
                self._release(key)
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
        """Correct the count of bytes in memory: an input that is stored as gzip is larger than its stated size."""
        self._n_arriving -= 1
        if key in self._opening:
            opening, n_bytes = self._opening[key]
            self._opening[key] = opening, _held_bytes(item)
            self._n_bytes += _held_bytes(item) - n_bytes

    def _release(self, key: Key) -> None:
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
