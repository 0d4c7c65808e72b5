"""Processes that read runs and make shards: see `every_eval.ingestion.workers.worker` for what they do."""

import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from every_eval.errors import TransientError
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.workers.read_ahead import THREADS
from every_eval.sources.source import Run, Source
from every_eval.storage.storage import Storage

TASKS_AHEAD: Final = 8
"""Tasks that a process is given before the answer to the first of them has been taken."""

_BOOT: Final = (
    "import json, os, sys; sys.path[:] = json.loads(sys.argv[1]); os.environ['OPENBLAS_NUM_THREADS'] = '1'; "
    "from every_eval.ingestion.workers.worker import main; main()"
)
"""NumPy's library of linear algebra would start threads, which nothing here needs."""

Task = tuple[Run | Shard, Path]
"""What to read or to make, and where to leave the result."""


@dataclass
class Worker:
    """A process that does the tasks it is given, one after the other."""

    process: subprocess.Popen[bytes]
    waiting: list[Task] = field(default_factory=list)
    given: list[Task] = field(default_factory=list)

    @classmethod
    def start(cls, source: Source, storage: Storage, n_processes: int) -> Self:
        """A process like this one, but without what this one has imported."""
        command = [sys.executable, "-c", _BOOT, json.dumps(sys.path)]
        worker = cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        worker._write((source, storage, THREADS // n_processes))
        return worker

    @property
    def is_busy(self) -> bool:
        """Whether there are answers still to be taken."""
        return bool(self.waiting or self.given)

    def send(self) -> None:
        """Give it tasks, as many as it may be ahead."""
        while self.waiting and len(self.given) < TASKS_AHEAD:
            task = self.waiting.pop(0)
            self._write(task)
            self.given.append(task)

    def receive(self) -> Any:  # noqa: ANN401 - whoever gave the task knows what comes
        """The answer to the task that it was given first; raises what went wrong with it."""
        task, _ = self.given.pop(0)
        try:
            answer = pickle.load(self.process.stdout)  # type: ignore[arg-type]
        except EOFError as error:
            name = task.name if isinstance(task, Run) else task.key
            raise TransientError(f"the process that read {name} has ended, perhaps for want of memory") from error
        if isinstance(answer, BaseException):
            raise answer
        return answer

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
