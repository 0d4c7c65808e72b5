"""Several worker processes: share the runs of one shard among them, and wait for what they do."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Final, Self

from every_eval.hub.work_folders import work_folder
from every_eval.ingestion.workers.read_ahead import THREADS
from every_eval.ingestion.workers.tasks import ExpectRuns, ForgetRuns, ReadRun
from every_eval.ingestion.workers.verified_runs import VerifiedRuns
from every_eval.ingestion.workers.worker_process import WorkerProcess
from every_eval.sources.source import Run, Source
from every_eval.storage.storage import Storage

RUNS_AHEAD: Final = 8
"""Runs for each process that may be read before their rows are written; more would only fill the disk."""
REPORT_SECONDS: Final = 1.0
"""Interval at which what the processes report is passed on."""


class WorkerPool:
    """A fixed number of worker processes."""

    def __init__(self, source: Source, storage: Storage, n_processes: int, report: Callable[[int], object]) -> None:
        """No process is started yet; `report` takes what the tasks report: the size of each run that is done."""
        self._report = report
        self._reported: SimpleQueue[int] = SimpleQueue()
        self.workers = [
            WorkerProcess(source, storage, THREADS // n_processes, self._reported) for _ in range(n_processes)
        ]

    def result(self, future: Future[Any]) -> Any:  # noqa: ANN401 - each task has its own result
        """Wait for a task's result, and report meanwhile what the processes report."""
        is_done = False
        while not is_done:
            is_done = bool(wait([future], REPORT_SECONDS).done)
            while not self._reported.empty():
                self._report(self._reported.get())
        return future.result()

    def read_runs(self, runs: Sequence[Run]) -> VerifiedRuns:
        """Read runs in all processes, and yield them in the given order.

        Raises:
            UpstreamUnavailable: an input is no longer as it was listed.
            WorkerKilled: the process that read a run was killed, twice.
        """
        readers = share(runs, len(self.workers))
        for number, worker in enumerate(self.workers):
            worker.submit(ExpectRuns([run for run, reader in zip(runs, readers, strict=True) if reader == number]))
        with work_folder() as folder:
            reads = self._submit_each(runs, readers, folder)
            ahead = deque(islice(reads, RUNS_AHEAD * len(self.workers)))
            try:
                while ahead:
                    verified, files = self.result(ahead.popleft())
                    ahead.extend(islice(reads, 1))
                    yield verified, files.pieces()
            finally:
                self._abandon(ahead, runs)

    def _submit_each(self, runs: Sequence[Run], readers: Sequence[int], folder: Path) -> Iterator[Future[Any]]:
        for number, (run, reader) in enumerate(zip(runs, readers, strict=True)):
            yield self.workers[reader].submit(ReadRun(run, folder / str(number)))

    def _abandon(self, futures: Sequence[Future[Any]], runs: Sequence[Run]) -> None:
        """Drop tasks whose results nobody will take, so that nothing writes to their folder any more."""
        if not futures:
            return
        for future in futures:
            future.cancel()
        wait([*futures, *(worker.submit(ForgetRuns(runs)) for worker in self.workers)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers:
            worker.close()


def share(runs: Sequence[Run], n_processes: int) -> Sequence[int]:
    """Return the number of the process that reads each run: the process with the least to read so far."""
    n_bytes = [0] * n_processes
    readers = []
    for run in runs:
        readers.append(n_bytes.index(min(n_bytes)))
        n_bytes[readers[-1]] += run.n_bytes
    return readers
