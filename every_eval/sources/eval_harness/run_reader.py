"""Reading one run: a task or group of one results file, and a reject for whatever cannot be read."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO, Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import decode_object
from every_eval.sources.eval_harness.layout import SamplesName
from every_eval.sources.eval_harness.metrics import metrics_table
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.eval_harness.row_reader import RowReader
from every_eval.sources.eval_harness.rows import Held, Row, collect
from every_eval.sources.eval_harness.samples import samples_table
from every_eval.sources.eval_harness.statistics import group_statistics, task_scores, task_statistics
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Reject, Run, RunRows

TASK: Final = "task"
"""The fact of a run that names its task; absent where only files are known."""

PIECE_ROWS: Final = 250


class RunReader:
    """Reads one run, line by line."""

    def __init__(self, run: Run, open_file: Callable[[str], IO[bytes]], piece_rows: int = PIECE_ROWS) -> None:
        """`open_file` opens one of the run's inputs by its name; a piece holds up to `piece_rows` samples."""
        self.run = run
        self._open_file = open_file
        self._piece_rows = piece_rows
        self._results_file = next((item.name for item in run.inputs if item.name.endswith(".json")), "")
        names = ((item.name, SamplesName.parse(item.name)) for item in run.inputs)
        self._samples_files = {name.task: file for file, name in names if name is not None}

    def pieces(self) -> Iterator[RunRows]:
        """Everything that can be read of the run: samples with their metrics, then statistics."""
        results = self._results()
        if isinstance(results, Results):
            task = Task(results, self.run.facts[TASK])
            yield from self._group(task) if task.is_group else self._task(task)
        else:
            yield RunRows(rejects=tuple(results))

    def _results(self) -> Results | list[Reject]:
        if not self._results_file:
            detail = "no results file carries this time stamp, so that nothing says of which model the rows are"
            return [Reject(Reason.FILE_MISSING, detail, file) for file in self._samples_files.values()]
        with self._open_file(self._results_file) as file:
            decoded = decode_object(file.read(), Results, self._results_file)
        return [decoded] if isinstance(decoded, Reject) else decoded

    def _task(self, task: Task) -> Iterator[RunRows]:
        name = self._samples_files.get(task.name)
        held: Held = {}
        if name is None:
            detail = f"no samples file of task {task.name!r} carries the time stamp of {self._results_file}"
            yield RunRows(rejects=(Reject(Reason.FILE_MISSING, detail),))
        else:
            yield from self._rows(task, name, held)
        made = task_statistics(task, self.run, None if name is None else held, self._results_file)
        yield RunRows(stats=made.table, rejects=tuple(made.rejects), disagreements=made.disagreements)

    def _rows(self, task: Task, name: str, held: Held) -> Iterator[RunRows]:
        """The rows of a samples file, and what they hold added to `held`."""
        reader = RowReader(task, name)
        with self._open_file(name) as file:
            rows = reader.rows(file)
            while piece := list(islice(rows, self._piece_rows)):
                collect(piece, held)
                yield self._piece(piece, task, reader)
        yield RunRows(rejects=reader.take_rejects())

    def _piece(self, rows: list[Row], task: Task, reader: RowReader) -> RunRows:
        return RunRows(
            samples_table(rows, task, self.run), metrics_table(rows, task, self.run), rejects=reader.take_rejects()
        )

    def _group(self, task: Task) -> Iterator[RunRows]:
        """A group has no rows of its own: those of its tasks are published, and rejected, under their runs."""
        scores = {}
        for leaf in (Task(task.results, name) for name in task.results.leaves(task.name)):
            if leaf.name in self._samples_files:
                held: Held = {}
                with self._open_file(self._samples_files[leaf.name]) as file:
                    collect(RowReader(leaf, leaf.name).rows(file), held)
                scores[leaf.name] = task_scores(leaf, held)
        made = group_statistics(task, self.run, scores, self._results_file)
        yield RunRows(stats=made.table, rejects=tuple(made.rejects), disagreements=made.disagreements)
