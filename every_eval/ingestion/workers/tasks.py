"""What a worker process can be asked to do: read a run, build a shard, or fetch inputs before they are needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from every_eval.ingestion.gc_pause import gc_paused
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.shard_builder import ShardBuilder, ShardFiles
from every_eval.ingestion.workers.arrow_files import ArrowFiles, write_arrow_files
from every_eval.ingestion.workers.read_ahead import Inputs
from every_eval.ingestion.workers.verified_runs import read_run, read_runs, run_label
from every_eval.sources.source import Run, Source


@dataclass(frozen=True, slots=True)
class RunBegun:
    """Says that a task goes on to a run, so that the run is known if its process is killed."""

    label: str
    """Name of the run, as `run_label` returns it."""


Report = Callable[[int | RunBegun], object]
"""A function to which a task passes the run that it begins, or the size in bytes of a run that it has read."""


class WorkerTask(Protocol):
    """One piece of work. The task and its result are pickled to get from process to process."""

    @property
    def subject(self) -> str:
        """What the task works on, for messages: a run or a shard."""

    def perform(self, source: Source, inputs: Inputs, report: Report) -> Any:  # noqa: ANN401 - each task has its own
        """Do the work, and return the result."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """Read one run into Arrow files."""

    run: Run
    prefix: Path
    """Beginning of the paths of the Arrow files."""

    @property
    def subject(self) -> str:
        return run_label(self.run)

    def perform(self, source: Source, inputs: Inputs, report: Report) -> tuple[Run, ArrowFiles]:  # noqa: ARG002
        with gc_paused(), read_run(source, inputs, self.run) as (verified, pieces):
            return verified, write_arrow_files(pieces, self.prefix)


@dataclass(frozen=True, slots=True)
class BuildShard:
    """Build all files of one shard."""

    shard: Shard
    workdir: Path

    @property
    def subject(self) -> str:
        return self.shard.key

    def perform(self, source: Source, inputs: Inputs, report: Report) -> ShardFiles:
        def begin(run: Run) -> None:
            report(RunBegun(run_label(run)))

        read = partial(read_runs, source, inputs, begin=begin)
        return ShardBuilder(source, read, None, self.workdir, report).build(self.shard)


@dataclass(frozen=True, slots=True)
class ExpectRuns:
    """Fetch the inputs of runs that will be read next, as far as memory allows, while other runs are read."""

    runs: Sequence[Run]

    @property
    def subject(self) -> str:
        return f"{len(self.runs)} runs"

    def perform(self, source: Source, inputs: Inputs, report: Report) -> None:  # noqa: ARG002
        inputs.expect(self.runs)


@dataclass(frozen=True, slots=True)
class ForgetRuns(ExpectRuns):
    """Release what was fetched for runs that will not be read."""

    def perform(self, source: Source, inputs: Inputs, report: Report) -> None:  # noqa: ARG002
        for run in self.runs:
            inputs.finish(run)
