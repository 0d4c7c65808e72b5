"""A process that reads runs: told which on its standard input, it tells on its standard output where their rows are."""

import gc
import os
import pickle
import sys
import traceback
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO

from every_eval.sources.garbage import uncollected
from every_eval.sources.read_ahead import Inputs, opening
from every_eval.sources.source import Run, Source
from every_eval.sources.spool import Spooled, spool

Task = tuple[Run, Path]


def main() -> None:
    """Read until there is nothing more to read."""
    gc.freeze()  # what is imported stays
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints, does not print into the answers
    source, storage, n_threads = pickle.load(sys.stdin.buffer)
    with opening(storage, n_threads) as inputs:
        tasks: SimpleQueue[Task | None] = SimpleQueue()
        Thread(target=_listen, args=(sys.stdin.buffer, inputs, tasks), daemon=True).start()
        while (task := tasks.get()) is not None:
            pickle.dump(_answer(source, inputs, *task), answers)
            answers.flush()


def _listen(stream: IO[bytes], inputs: Inputs, tasks: "SimpleQueue[Task | None]") -> None:
    """Take tasks as they come, so that their inputs are opened while others are read."""
    try:
        while True:
            task: Task = pickle.load(stream)
            inputs.expect([task[0]])
            tasks.put(task)
    except EOFError:
        tasks.put(None)


def _answer(source: Source, inputs: Inputs, run: Run, prefix: Path) -> Spooled | Exception:
    try:
        with uncollected():
            return spool(source.read(run, partial(inputs.open, run)), prefix)
    except Exception as error:  # noqa: BLE001 - raised again by whoever asked
        error.add_note("".join(traceback.format_exception(error)))
        return error
    finally:
        inputs.finish(run)
