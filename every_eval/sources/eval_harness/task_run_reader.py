"""Read one run, that is one task or group of a results file, into rows and rejects."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import IO, Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.eval_harness.clusters import clusters_of
from every_eval.sources.eval_harness.completeness import TaskCompleteness
from every_eval.sources.eval_harness.item_scores_table import item_scores_table
from every_eval.sources.eval_harness.metrics_table import metrics_table
from every_eval.sources.eval_harness.output_files import SamplesName
from every_eval.sources.eval_harness.question import Question
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.eval_harness.results_file import decode_results
from every_eval.sources.eval_harness.sample_rows import ScoredRow, ValuesByMetric, add_values
from every_eval.sources.eval_harness.samples_file import SamplesFileReader
from every_eval.sources.eval_harness.samples_table import raw_inputs, samples_table
from every_eval.sources.eval_harness.stats_table import (
    TaskScores,
    TaskStatistics,
    group_statistics,
    task_scores,
    task_statistics,
)
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.eval_harness.unstamped_samples import samples_of
from every_eval.sources.skipped_entries import reject_of
from every_eval.sources.source import Reject, Run, RunRows

PIECE_ROWS: Final = 2000
"""Largest number of samples in a piece."""
PIECE_BYTES: Final = 4 << 20
"""Size of the samples of a piece in the file, in bytes, after which the piece ends."""


class TaskRunReader:
    """Reader of one run."""

    def __init__(self, run: Run, open_file: Callable[[str], IO[bytes]], piece_rows: int = PIECE_ROWS) -> None:
        """Read `run`, whose input files `open_file` opens by name, in pieces of up to `piece_rows` samples."""
        self.run = run
        self._open_file = open_file
        self._piece_rows = piece_rows
        names = {item.name: SamplesName.parse(item.name) for item in run.inputs}
        self._results_file = next((file for file in names if file.endswith(".json") and names[file] is None), "")
        self._samples_files = {name.task: file for file, name in names.items() if name is not None}

    def pieces(self) -> Iterator[RunRows]:
        """Read the run in pieces: samples with their metrics, then statistics."""
        if (reject := reject_of(self.run)) is not None:
            yield RunRows(rejects=(reject,))
            return
        results = self._results()
        if isinstance(results, Results):
            unstamped = (item.name for item in self.run.inputs if SamplesName.parse(item.name) is None)
            self._samples_files |= samples_of(results, unstamped)
            task = Task.of_run(results, self.run)
            if odd_fields := results.odd_fields_of(task.name):
                yield RunRows(rejects=odd_fields)
            yield from self._group(task) if task.is_group else self._task(task)
        else:
            yield RunRows(rejects=tuple(results))

    def _results(self) -> Results | list[Reject]:
        if not self._results_file:
            detail = (
                "no readable results file carries this time stamp, so that nothing says of which model the rows are"
            )
            if not self._samples_files:
                detail = "the name leaves doubt about which results file and task the file belongs to"
            return [Reject(Reason.FILE_MISSING, detail, item.name) for item in self.run.inputs]
        with self._open_file(self._results_file) as file:
            decoded = decode_results(file.read(), self._results_file)
        return [decoded] if isinstance(decoded, Reject) else decoded

    def _task(self, task: Task) -> Iterator[RunRows]:
        name = self._samples_files.get(task.name)
        if name is None:
            detail = f"no samples file of task {task.name!r} carries the time stamp of {self._results_file}"
            if task.results.has_filters:  # lm-eval 0.3 writes no samples files.
                yield RunRows(rejects=(Reject(Reason.FILE_MISSING, detail),))
            yield _last_piece(task_statistics(task, self.run, None, self._results_file, _without_samples(task)))
            return
        reader = SamplesFileReader(task, name)
        values: ValuesByMetric = {}
        clusters: dict[int, str] = {}
        yield from self._samples(task, reader, values, clusters, name)
        statistics = task_statistics(task, self.run, values, self._results_file, reader.completeness, clusters)
        yield _last_piece(statistics)

    def _samples(
        self, task: Task, reader: SamplesFileReader, values: ValuesByMetric, clusters: dict[int, str], name: str
    ) -> Iterator[RunRows]:
        """Read the samples file `name` in pieces, and add its values and the clusters of its documents."""
        with self._open_file(name) as file:
            rows = reader.rows(file)
            while piece := _next_piece(rows, self._piece_rows):
                add_values(piece, values)
                clusters |= clusters_of(piece)
                yield self._piece(piece, clusters, task, reader)
        yield RunRows(rejects=reader.take_rejects())

    def _piece(
        self, rows: list[ScoredRow], clusters: Mapping[int, str], task: Task, reader: SamplesFileReader
    ) -> RunRows:
        questions = [Question.of(row, task) for row in rows]
        for row, question in zip(rows, questions, strict=True):
            if question.positions is None:
                reader.reject_target(row)
        inputs = raw_inputs(rows)
        return RunRows(
            samples_table(rows, questions, inputs, task, self.run),
            metrics_table(rows, task, self.run),
            item_scores=item_scores_table(rows, list(zip(inputs, questions, strict=True)), clusters, task, self.run),
            rejects=reader.take_rejects(),
        )

    def _group(self, task: Task) -> Iterator[RunRows]:
        """Read the statistics of a group. The runs of its tasks publish, and reject, the tasks' rows."""
        scores: dict[str, TaskScores] = {}
        completeness: dict[str, TaskCompleteness] = {}
        for leaf in (Task(task.results, name) for name in task.results.leaves(task.name)):
            if leaf.name in self._samples_files:
                values: ValuesByMetric = {}
                reader = SamplesFileReader(leaf, self._samples_files[leaf.name])
                with self._open_file(self._samples_files[leaf.name]) as file:
                    add_values(reader.rows(file), values)
                scores[leaf.name] = task_scores(leaf, values)
                completeness[leaf.name] = reader.completeness
            else:
                completeness[leaf.name] = _without_samples(leaf)
        yield _last_piece(group_statistics(task, self.run, scores, self._results_file, completeness))


def _next_piece(rows: Iterator[ScoredRow], most: int) -> list[ScoredRow]:
    piece: list[ScoredRow] = []
    n_bytes = 0
    for row in islice(rows, most):
        piece.append(row)
        n_bytes += row.n_bytes
        if n_bytes >= PIECE_BYTES:
            break
    return piece


def _without_samples(task: Task) -> TaskCompleteness:
    """Return what is known of the rows of a task without a samples file.

    lm-eval states the hash of a task only if it writes the samples file, with the option --log_samples.
    """
    return TaskCompleteness(n_rejected=1 if task.name in task.results.task_hashes else 0)


def _last_piece(statistics: TaskStatistics) -> RunRows:
    return RunRows(stats=statistics.table, rejects=tuple(statistics.rejects), disagreements=statistics.disagreements)
