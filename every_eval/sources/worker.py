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

from every_eval.sources.read_ahead import ReadAhead
from every_eval.sources.source import Run, Source
from every_eval.sources.spool import Spooled, spool

Task = tuple[Run, Path]


def main() -> None:
    """Read until there is nothing more to read."""
    gc.freeze()  # what is imported stays
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints, does not print into the answers
    source, storage, n_threads = pickle.load(sys.stdin.buffer)
    with ReadAhead(storage, n_threads) as ahead:
        tasks: SimpleQueue[Task | None] = SimpleQueue()
        Thread(target=_listen, args=(sys.stdin.buffer, ahead, tasks), daemon=True).start()
        while (task := tasks.get()) is not None:
            pickle.dump(_answer(source, ahead, *task), answers)
            answers.flush()


def _listen(stream: IO[bytes], ahead: ReadAhead, tasks: "SimpleQueue[Task | None]") -> None:
    """Take tasks as they come, so that their inputs are opened while others are read."""
    try:
        while True:
            task: Task = pickle.load(stream)
            ahead.expect([task[0]])
            tasks.put(task)
    except EOFError:
        tasks.put(None)


def _answer(source: Source, ahead: ReadAhead, run: Run, prefix: Path) -> Spooled | Exception:
    try:
        return spool(source.read(run, partial(ahead.open, run)), prefix)
    except Exception as error:  # noqa: BLE001 - raised again by whoever asked
        error.add_note("".join(traceback.format_exception(error)))
        return error
    finally:
        ahead.finish(run)
