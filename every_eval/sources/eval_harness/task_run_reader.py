"""Read one run, that is one task or group of a results file, into rows and rejects."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO, Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import decode_object
from every_eval.sources.eval_harness.metrics_table import metrics_table
from every_eval.sources.eval_harness.output_files import SamplesName
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.eval_harness.sample_rows import ScoredRow, ValuesByMetric, add_values
from every_eval.sources.eval_harness.samples_file import SamplesFileReader
from every_eval.sources.eval_harness.samples_table import samples_table
from every_eval.sources.eval_harness.stats_table import RunStatistics, group_statistics, task_scores, task_statistics
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Reject, Run, RunRows

TASK: Final = "task"
"""Fact of a run that holds the name of its task; absent if discovery could not read the results file."""

PIECE_ROWS: Final = 250
"""Largest number of samples in a piece."""


class TaskRunReader:
    """Reader of one run."""

    def __init__(self, run: Run, open_file: Callable[[str], IO[bytes]], piece_rows: int = PIECE_ROWS) -> None:
        """Read `run`, whose input files `open_file` opens by name, in pieces of up to `piece_rows` samples."""
        self.run = run
        self._open_file = open_file
        self._piece_rows = piece_rows
        self._results_file = next((item.name for item in run.inputs if item.name.endswith(".json")), "")
        names = ((item.name, SamplesName.parse(item.name)) for item in run.inputs)
        self._samples_files = {name.task: file for file, name in names if name is not None}

    def pieces(self) -> Iterator[RunRows]:
        """Read the run in pieces: samples with their metrics, then statistics."""
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
        values: ValuesByMetric = {}
        if name is None:
            detail = f"no samples file of task {task.name!r} carries the time stamp of {self._results_file}"
            yield RunRows(rejects=(Reject(Reason.FILE_MISSING, detail),))
        else:
            yield from self._samples(task, name, values)
        yield _last_piece(task_statistics(task, self.run, None if name is None else values, self._results_file))

    def _samples(self, task: Task, name: str, values: ValuesByMetric) -> Iterator[RunRows]:
        """Read a samples file in pieces, and add its values to `values`."""
        reader = SamplesFileReader(task, name)
        with self._open_file(name) as file:
            rows = reader.rows(file)
            while piece := list(islice(rows, self._piece_rows)):
                add_values(piece, values)
                yield self._piece(piece, task, reader)
        yield RunRows(rejects=reader.take_rejects())

    def _piece(self, rows: list[ScoredRow], task: Task, reader: SamplesFileReader) -> RunRows:
        return RunRows(
            samples_table(rows, task, self.run), metrics_table(rows, task, self.run), rejects=reader.take_rejects()
        )

    def _group(self, task: Task) -> Iterator[RunRows]:
        """Read the statistics of a group. The runs of its tasks publish, and reject, the tasks' rows."""
        scores = {}
        for leaf in (Task(task.results, name) for name in task.results.leaves(task.name)):
            if leaf.name in self._samples_files:
                values: ValuesByMetric = {}
                with self._open_file(self._samples_files[leaf.name]) as file:
                    add_values(SamplesFileReader(leaf, leaf.name).rows(file), values)
                scores[leaf.name] = task_scores(leaf, values)
        yield _last_piece(group_statistics(task, self.run, scores, self._results_file))


def _last_piece(statistics: RunStatistics) -> RunRows:
    return RunRows(stats=statistics.table, rejects=tuple(statistics.rejects), disagreements=statistics.disagreements)
