"""Stop a run that takes longer than it may.

Under the daemon, Dagster's run monitoring stops the run, by the run's tag. This module also stops a run that has no
daemon, as `dagster job execute` starts it.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Concatenate, Final, ParamSpec, TypeVar

import dagster as dg

WEEKLY_MINUTES: Final = 360
DAILY_MINUTES: Final = 120

MAX_RUNTIME_TAG: Final = "dagster/max_runtime"
"""Dagster's own tag for the longest time that a run may take, in seconds."""
AGAIN_SECONDS: Final = 30
"""Seconds until a run is stopped again, in case a library swallowed the first attempt."""

Context = dg.OpExecutionContext | dg.AssetExecutionContext
C = TypeVar("C", bound=Context)
P = ParamSpec("P")
T = TypeVar("T")


class _OutOfTime(BaseException):
    """The run's time is up; like KeyboardInterrupt, this passes through every `except Exception`."""


def limit(minutes: int) -> dict[str, str]:
    """Return the tag of a job whose runs may take so many minutes."""
    return {MAX_RUNTIME_TAG: str(minutes * 60)}


def limited(call: Callable[Concatenate[C, P], T]) -> Callable[Concatenate[C, P], T]:
    """Decorate a step's function so that it stops at the limit of its run; a run without the tag has no limit.

    Raises:
        Failure: the run reached its limit.
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
                f"Stopped: the run reached its limit of {float(seconds) / 60:g} minutes. Everything that the run "
                "finished is published, and nothing half. Launch the job again to complete the rest.",
                allow_retries=False,
            ) from None

    return within_limit


def _started(context: Context) -> float:
    """Return when the run began, in seconds since 1970."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return time.time() if record is None or record.start_time is None else record.start_time


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    """Raise `_OutOfTime` in the body after so many seconds; without alarms, only if the time is up already."""
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
