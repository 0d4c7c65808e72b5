"""The program of a worker process: it takes tasks on its standard input and answers on its standard output.

`every_eval.ingestion.workers.worker_process` starts the program and talks to it. All messages are pickled.
"""

import gc
import os
import pickle
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from typing import IO, Any

from every_eval.errors import EveryEvalError
from every_eval.ingestion.run_failures import unexpected
from every_eval.ingestion.workers.read_ahead import Inputs, open_inputs
from every_eval.ingestion.workers.tasks import Report, RunBegun, WorkerTask
from every_eval.network.redaction import redact_logs
from every_eval.sources.source import Source


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a task: a result, or an error."""

    result: Any = None
    error: EveryEvalError | None = None


class _WithoutPandas(MetaPathFinder):
    """Lets `import pandas` fail: Arrow would import pandas to recognise its objects, for as long as all else takes."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("a worker process does not need pandas", name=fullname)


def main() -> None:
    """Perform tasks until the standard input ends. The first message holds source, storage and number of threads."""
    redact_logs()
    gc.freeze()  # The imported modules stay, so the collector need not look at them.
    sys.meta_path.insert(0, _WithoutPandas())
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # What a library prints must not get into the answers.
    source, storage, n_threads = pickle.load(sys.stdin.buffer)
    # At the end of the input, or when nobody reads the answers any more, the process that started this one has ended.
    with suppress(EOFError, BrokenPipeError), open_inputs(storage, n_threads) as inputs:
        while True:
            task: WorkerTask = pickle.load(sys.stdin.buffer)
            _send(answers, answer(task, source, inputs, lambda n_bytes: _send(answers, n_bytes)))


def answer(task: WorkerTask, source: Source, inputs: Inputs, report: Report) -> Answer:
    """Perform a task; any error becomes an answer that can be pickled."""
    try:
        return Answer(task.perform(source, inputs, report))
    except EveryEvalError as error:
        return Answer(error=error)
    except Exception as error:  # noqa: BLE001 - the process that asked raises the error as `UnexpectedFailure`
        return Answer(error=unexpected(task.subject, error))


def _send(stream: IO[bytes], message: Answer | RunBegun | int) -> None:
    pickle.dump(message, stream)
    stream.flush()
