"""Tell evaluations of chosen documents from full ones, so that none replaces a full evaluation in the release.

With the option --samples, lm-eval 0.4.9 to 0.4.11 write the results of a few documents as those of all. Only the rows
tell. Discovery reads them where it matters: where the newest run of a name has much smaller samples than an older one.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import IO, Final

from every_eval.sources.eval_harness.completeness import TaskCompleteness
from every_eval.sources.eval_harness.latest_release import TaskRun
from every_eval.sources.eval_harness.output_files import SamplesName
from every_eval.sources.eval_harness.samples_file import SamplesFileReader
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Input

OpenInput = Callable[[TaskRun, Input], IO[bytes]]

_SMALL: Final = 0.9
"""Samples below this share of the largest ones of the same name are read: answers of full runs differ less in size."""


def with_choices(runs: Sequence[TaskRun], open_input: OpenInput) -> list[TaskRun]:
    """Return the runs in their order; new runs of chosen documents get a name that says so."""
    by_name: dict[str, list[TaskRun]] = {}
    for item in sorted(runs, key=lambda item: item.order, reverse=True):
        by_name.setdefault(item.run.name, []).append(item)
    renamed: dict[tuple[str, str], TaskRun] = {}
    for of_name in by_name.values():
        largest = max(map(_n_bytes, of_name))
        for item in of_name:
            choice = _choice(item, open_input) if 0 < _n_bytes(item) < _SMALL * largest else ""
            if not choice:
                break
            renamed[item.run.identity] = item.of(replace(item.task, chosen=choice))
    return [renamed.get(item.run.identity, item) for item in runs]


def _n_bytes(item: TaskRun) -> int:
    return sum(file.size or 0 for file in item.run.inputs if SamplesName.parse(file.name))


def _choice(item: TaskRun, open_input: OpenInput) -> str:
    """Return what `TaskCompleteness.choice` gives for the rows of a run."""
    results, name = item.task.results, item.task.name
    files = {parsed.task: file for file in item.run.inputs if (parsed := SamplesName.parse(file.name))}
    found: dict[str, TaskCompleteness] = {}
    for leaf in results.leaves(name) or [name]:
        if leaf in files:
            reader = SamplesFileReader(Task(results, leaf), files[leaf].name)
            with open_input(item, files[leaf]) as file:
                deque(reader.rows(file), maxlen=0)
            found[leaf] = reader.completeness
    return TaskCompleteness.of_group(found).choice
