"""Start a worker process, give it tasks, and start it again if the system kills it.

`concurrent.futures.ProcessPoolExecutor` was tried instead. It cannot start processes inside a Celery worker, whose
processes are daemonic; each of its processes imports the main program again, so all of Dagster (1.5 s of CPU time and
164 MiB, against 0.3 s here); it cannot stop a running task before Python 3.14; and its processes outlive a parent that
is killed. So worker processes are plain subprocesses, and a thread for each of them waits for its answers.
"""

import json
import pickle
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final

from every_eval.errors import TransientError
from every_eval.ingestion.workers.tasks import RunBegun, WorkerTask
from every_eval.ingestion.workers.worker_program import Answer
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage

N_ATTEMPTS: Final = 2
"""Number of times that a task is given to a process, if the process is killed each time."""

ENDING_SECONDS: Final = 5
"""Time that a process has to end after its input or output was closed."""
_PROGRAM: Final = (
    "import json, os, sys; sys.path[:] = json.loads(sys.argv[1]); os.environ['OPENBLAS_NUM_THREADS'] = '1'; "
    "from every_eval.ingestion.workers.worker_program import main; main()"
)
"""NumPy's linear algebra library would start threads that nothing here needs."""


class WorkerKilled(TransientError):
    """A worker process was killed twice while it had the same task; the message names the run or shard."""


class WorkerProcess:
    """A process that performs tasks, one after the other; it is started by its first task."""

    def __init__(self, source: Source, storage: Storage, n_threads: int, reported: SimpleQueue[int]) -> None:
        """`n_threads` is the number of threads that fetch inputs; what a task reports is put into `reported`."""
        self._first_message = (source, storage, n_threads)
        self._reported = reported
        self._thread = ThreadPoolExecutor(1, "worker-process")
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._run: str | None = None
        """The run that the task has come to, if the task reads several."""

    def submit(self, task: WorkerTask) -> Future[Any]:
        """Queue a task; the future holds its result, or raises its error."""
        return self._thread.submit(self._perform, task)

    def close(self) -> None:
        """Kill the process, whatever it does, and drop the tasks that are left."""
        self._is_closed = True
        if process := self._process:
            process.kill()
        self._thread.shutdown(cancel_futures=True)
        self._reap()

    def _perform(self, task: WorkerTask) -> Any:  # noqa: ANN401 - each task has its own result
        cause = ""
        for _ in range(N_ATTEMPTS):
            self._run = None
            try:
                answer = self._ask(self._running(), task)
            except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                cause = self._reap()
                continue
            if answer.error is not None:
                raise answer.error
            return answer.result
        run = f", run {self._run}" if self._run else ""
        raise WorkerKilled(
            f"{task.subject}{run}: the process that worked on it ended {N_ATTEMPTS} times, the last time {cause}. "
            "If the system was short of memory, use fewer processes."
        )

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process, started if there is none."""
        if self._process is None and not self._is_closed:
            command = [sys.executable, "-c", _PROGRAM, json.dumps(sys.path)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            _send(self._process, self._first_message)
        if self._process is None or self._is_closed:
            raise WorkerKilled("the worker process was closed before this task")
        return self._process

    def _ask(self, process: subprocess.Popen[bytes], task: WorkerTask) -> Answer:
        _send(process, task)
        assert process.stdout is not None
        while not isinstance(message := pickle.load(process.stdout), Answer):
            if isinstance(message, RunBegun):
                self._run = message.label
            else:
                self._reported.put(message)
        return message

    def _reap(self) -> str:
        """Return how the process ended; if it has closed its output and is still there, kill it."""
        process, self._process = self._process, None
        if process is None:
            return ""
        try:
            process.communicate(timeout=ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        code = process.returncode
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def _send(process: subprocess.Popen[bytes], message: object) -> None:
    assert process.stdin is not None
    pickle.dump(message, process.stdin)
    process.stdin.flush()
