"""Limits of runs: how long one may take, and that one at a time ingests.

Under the daemon, run monitoring enforces the first, by the run's tag, and the run queue the second. What is here
enforces both without a daemon, as in `dagster job execute`.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Concatenate, Final, ParamSpec, TypeVar

import dagster as dg
from filelock import FileLock, Timeout
from pydantic import Field, PrivateAttr

WEEKLY_MINUTES: Final = 360
DAILY_MINUTES: Final = 120

MAX_RUNTIME_TAG: Final = "dagster/max_runtime"
"""In seconds; Dagster's own."""
INGESTS_TAG: Final = "every_eval/ingests"
"""On the runs of which there is to be one at a time."""
UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
AGAIN_SECONDS: Final = 30
"""After which a run is stopped again, should a library have swallowed the first attempt."""

Context = dg.OpExecutionContext | dg.AssetExecutionContext
C = TypeVar("C", bound=Context)
P = ParamSpec("P")
T = TypeVar("T")


class _OutOfTime(BaseException):
    """Passes every handler on its way, as the interruption of a program does."""


def limit(minutes: int) -> dict[str, str]:
    """The tag of a job whose runs may take so long."""
    return {MAX_RUNTIME_TAG: str(minutes * 60)}


def limited(call: Callable[Concatenate[C, P], T]) -> Callable[Concatenate[C, P], T]:
    """Stop a step's function when its run has had its time, by the run's tag; without the tag there is no limit.

    Raises:
        Failure: the time is up.
    """

    @wraps(call)
    def within_limit(context: C, /, *args: P.args, **kwargs: P.kwargs) -> T:
        seconds = context.run.tags.get(MAX_RUNTIME_TAG)
        if seconds is None:
            return call(context, *args, **kwargs)
        try:
            with _stopped_after(_started(context) + float(seconds) - time.time()):
                return call(context, *args, **kwargs)
        except _OutOfTime:
            raise dg.Failure(
                f"Stopped: the run has had the {float(seconds) / 60:g} minutes that it may take. What it finished is "
                "published, and nothing half; launching the job again completes the rest.",
                allow_retries=False,
            ) from None

    return within_limit


def _started(context: Context) -> float:
    """When the run began, in seconds since 1970."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return time.time() if record is None or record.start_time is None else record.start_time


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    """Raise `_OutOfTime` in the body after so long; where there are no alarms, only if the time is up already."""
    if seconds <= 0:
        raise _OutOfTime
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    previous = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _OutOfTime


class Turn(dg.ConfigurableResource[None]):
    """One ingesting run at a time; the turn ends with the process that has it, however that ends."""

    folder: str | None = Field(default=None, description="Where runs look for each other. Else the Dagster home.")

    _lock: FileLock | None = PrivateAttr(default=None)

    def take(self, context: dg.OpExecutionContext) -> None:
        """Hold the turn until the run ends.

        Raises:
            Failure: another run has it.
        """
        if self._lock is not None:  # The step is tried again, in the run that has the turn.
            return
        lock = FileLock(Path(self.folder or context.instance.root_directory) / "every_eval_ingestion.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            others = [run for run in ingesting(context.instance) if run != context.run.run_id]
            raise dg.Failure(
                f"Another run is ingesting ({', '.join(others) or 'unknown here'}), and one at a time may; nothing was "
                "changed. Launch the job again when that one has ended.",
                allow_retries=False,
            ) from None
        self._lock = lock

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's interface
        """Give the turn up."""
        if self._lock is not None:
            self._lock.release()


def ingesting(instance: dg.DagsterInstance) -> Sequence[str]:
    """Ids of the runs that ingest, or wait for their turn, and are within their time."""
    filters = dg.RunsFilter(tags={INGESTS_TAG: "true"}, statuses=UNFINISHED)
    return [record.dagster_run.run_id for record in instance.get_run_records(filters) if not _is_overdue(record)]


def _is_overdue(record: dg.RunRecord) -> bool:
    """Whether a run has lasted longer than it may, so that only its record can have remained."""
    seconds = float(record.dagster_run.tags.get(MAX_RUNTIME_TAG, "inf"))
    return time.time() > (record.start_time or record.create_timestamp.timestamp()) + seconds
