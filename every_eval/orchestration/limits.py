"""How long a run may take.

Under the daemon, run monitoring sees to it, by the run's tag. What is here does so without a daemon too, as in
`dagster job execute`.
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
"""In seconds; Dagster's own."""
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
