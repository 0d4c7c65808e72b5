"""A process that reads runs and makes shards: told which on its standard input, it answers on its standard output."""

import gc
import os
import pickle
import sys
import traceback
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO

from every_eval.ingestion.garbage import uncollected
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.shard_files import ShardFiles, ShardMaker
from every_eval.ingestion.workers.processes import Task
from every_eval.ingestion.workers.read_ahead import Inputs, opening
from every_eval.ingestion.workers.reading import ReadingHere
from every_eval.ingestion.workers.spool import Spooled, spool
from every_eval.ingestion.workers.whole_runs import read_run
from every_eval.sources.source import Run, Source

Answer = tuple[Run, Spooled] | tuple[ShardFiles, list[str]] | Exception
"""A run as it was read, and where its rows are; a shard's files, and what there was to report; or what went wrong."""


class _WithoutPandas(MetaPathFinder):
    """Keeps Arrow from importing pandas, to tell whether a list is one of its objects: it takes as long as the rest."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is of no use here", name=fullname)


def main() -> None:
    """Do what is asked for until there is nothing more to do."""
    gc.freeze()  # what is imported stays
    sys.meta_path.insert(0, _WithoutPandas())
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints, does not print into the answers
    source, storage, n_threads = pickle.load(sys.stdin.buffer)
    with opening(storage, n_threads) as inputs:
        tasks: SimpleQueue[Task | None] = SimpleQueue()
        Thread(target=_listen, args=(sys.stdin.buffer, inputs, tasks), daemon=True).start()
        answers: SimpleQueue[Answer] = SimpleQueue()
        Thread(target=_tell, args=(answers, stream), daemon=True).start()
        doing = _Doing(source, inputs)
        while (task := tasks.get()) is not None:
            answers.put(doing.answer(*task))


def _listen(stream: IO[bytes], inputs: Inputs, tasks: "SimpleQueue[Task | None]") -> None:
    """Take tasks as they come, so that the inputs of runs are opened while others are read."""
    try:
        while True:
            task: Task = pickle.load(stream)
            inputs.expect([task[0]] if isinstance(task[0], Run) else task[0].runs)
            tasks.put(task)
    except EOFError:
        tasks.put(None)


def _tell(answers: "SimpleQueue[Answer]", stream: IO[bytes]) -> None:
    """Pass answers on while the next task is done, whether or not anybody takes them yet."""
    try:
        while True:
            pickle.dump(answers.get(), stream)
            stream.flush()
    finally:
        os._exit(1)  # Nobody will hear of anything more, and whoever waits is to know.


@dataclass(frozen=True)
class _Doing:
    source: Source
    inputs: Inputs

    def answer(self, task: Run | Shard, place: Path) -> Answer:
        try:
            return self._read(task, place) if isinstance(task, Run) else self._make(task, place)
        except Exception as error:  # noqa: BLE001 - raised again by whoever asked
            error.add_note("".join(traceback.format_exception(error)))
            return error

    def _read(self, run: Run, prefix: Path) -> tuple[Run, Spooled]:
        with uncollected(), read_run(self.source, self.inputs, run) as (whole, pieces):
            return whole, spool(pieces, prefix)

    def _make(self, shard: Shard, workdir: Path) -> tuple[ShardFiles, list[str]]:
        lines: list[str] = []
        return ShardMaker(ReadingHere(self.source, self.inputs), None, workdir, lines.append).make(shard), lines
