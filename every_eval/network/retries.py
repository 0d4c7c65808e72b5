"""Trying again what may succeed later."""

import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from every_eval.errors import TransientError

T = TypeVar("T")

WAITS: Final[Sequence[float]] = (1.0, 5.0, 25.0)
"""Seconds before each further try."""


def with_retries(
    call: Callable[[], T],
    report: Callable[[str], object],
    waits: Sequence[float] = WAITS,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """The call's result; a `TransientError` is raised only when no wait is left."""
    for wait in waits:
        try:
            return call()
        except TransientError as error:
            report(f"{type(error).__name__}: {error}; trying again in {wait:g} s")
            sleep(wait)
    return call()
