import os
import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from every_eval import errors
from every_eval.errors import EveryEvalError
from every_eval.ingestion.run_failures import UnexpectedFailure
from every_eval.ingestion.workers.read_ahead import Inputs
from every_eval.ingestion.workers.tasks import Report, RunBegun
from every_eval.ingestion.workers.worker_process import WorkerKilled, WorkerProcess
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Source
from every_eval_tests.ingestion.workers.sample_runs import STORAGE


class Death:
    """Ends the process that pickles it: in the middle of an answer, of which a megabyte is sent already."""

    def __reduce__(self) -> Any:
        os._exit(9)


@dataclass(frozen=True)
class Call:
    """A task that does what its subject says."""

    subject: str
    file: Path | None = None

    def perform(self, source: Source, inputs: Inputs, report: Report) -> Any:  # noqa: ARG002
        if self.subject == "print":
            os.write(1, b"what a library prints")
        elif self.subject == "end":
            os._exit(3)
        elif self.subject == "end in an answer":
            report(RunBegun("lite/v1/gsm"))
            return [b"x" * 1_000_000, Death()]
        elif self.subject == "end in an answer once":
            assert self.file is not None
            if not self.file.exists():
                self.file.touch()
                return [b"x" * 1_000_000, Death()]
        elif self.subject == "raise a bug":
            raise KeyError("no such field")
        elif self.subject == "sleep":
            assert self.file is not None
            self.file.write_text(str(os.getpid()))
            time.sleep(60)
        return os.getpid()


@pytest.fixture
def process() -> Iterator[WorkerProcess]:
    process = WorkerProcess(HelmSource(), STORAGE, 1, SimpleQueue())
    yield process
    process.close()


def test_one_process_performs_all_tasks_and_it_is_not_this_one(process: WorkerProcess) -> None:
    pids = {process.submit(Call(name)).result() for name in ("print", "nothing")}

    assert len(pids) == 1 and pids != {os.getpid()}


def test_a_bug_arrives_with_its_type_its_message_and_its_trace(process: WorkerProcess) -> None:
    with pytest.raises(UnexpectedFailure, match=r"^raise a bug: KeyError: 'no such field'\nTraceback") as failure:
        process.submit(Call("raise a bug")).result()

    assert 'raise KeyError("no such field")' in str(failure.value)
    assert process.submit(Call("nothing")).result()


def test_a_task_whose_process_ends_twice_is_named(process: WorkerProcess) -> None:
    with pytest.raises(WorkerKilled, match=r"^end: the process that worked on it ended 2 times, .* exit code 3"):
        process.submit(Call("end")).result()

    assert process.submit(Call("nothing")).result()


def test_a_process_that_is_killed_in_the_middle_of_an_answer_is_tried_once_more_and_its_run_is_named(
    process: WorkerProcess, tmp_path: Path
) -> None:
    assert process.submit(Call("end in an answer once", tmp_path / "died")).result()
    with pytest.raises(WorkerKilled, match=r"^end in an answer, run lite/v1/gsm: the process .* exit code 9"):
        process.submit(Call("end in an answer")).result()

    assert process.submit(Call("nothing")).result()


def test_closing_ends_a_task_that_still_runs_and_drops_those_that_wait(process: WorkerProcess, tmp_path: Path) -> None:
    running, waiting = process.submit(Call("sleep", tmp_path / "pid")), process.submit(Call("nothing"))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)
    process.close()

    with pytest.raises(WorkerKilled):
        running.result(timeout=10)
    assert waiting.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def _descendants(kind: type[EveryEvalError]) -> Iterator[type[EveryEvalError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


@pytest.mark.parametrize("kind", [kind for kind in _descendants(EveryEvalError) if kind.__module__ == errors.__name__])
def test_errors_of_ours_come_out_of_another_process_as_what_they_are(kind: type[EveryEvalError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("what happened")))

    assert type(copy) is kind and str(copy) == "what happened"
