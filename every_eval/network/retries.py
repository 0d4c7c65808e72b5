"""The retry policy: how often a request is sent, how long to wait between attempts, and when to give up.

This is the only place that declares retries. The two transports use the policy: `network.client` for the places that
results are read from, and the Hub's client. Code above a transport never repeats what the transport has given up,
because nested retries multiply.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import RetryCallState, Retrying
from urllib3 import Retry
from urllib3.exceptions import InvalidHeader

T = TypeVar("T")

MAX_ATTEMPTS: Final = 8
"""Most attempts at one call, the first one included. An attempt that gained bytes of a download does not count."""
MAX_REFUSALS: Final = 3
"""Attempts in a row that meet a refused connection before the call fails."""
GIVE_UP_SECONDS: Final = 120.0
"""Longest time without a byte gained before the call fails, without the time that the server asked to wait."""
RETRY_AFTER_SECONDS: Final = 900.0
"""Longest total time to wait because the server asks for it (`Retry-After`). If the server asks for a longer wait, the
call waits this long and tries once more: servers state the end of a quota's window, and may answer before it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """What the error of one attempt says about the next attempt."""

    reason: str
    """What happened, for the log, for example `503 Service Unavailable`."""
    is_transient: bool
    """Whether another attempt may succeed."""
    is_refusal: bool = False
    """Whether no server listens at the address, so that another attempt hardly helps."""
    retry_after_seconds: float | None = None
    """Time that the server asks to wait; null if the server does not say."""
    has_progressed: bool = False
    """Whether the attempt gained bytes that the next attempt will not ask for."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits on the attempts at one call. The defaults hold everywhere but in tests."""

    max_attempts: int = MAX_ATTEMPTS
    max_refusals: int = MAX_REFUSALS
    give_up_seconds: float = GIVE_UP_SECONDS
    retry_after_seconds: float = RETRY_AFTER_SECONDS
    backoff_seconds: float = 1.0
    """Wait after the first attempt. It doubles with each attempt, and a random time of up to as much is added."""
    backoff_max_seconds: float = 30.0
    """Longest wait between two attempts where the server does not ask for a longer one."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


DEFAULT_POLICY: Final = RetryPolicy()


def call_with_retries(
    call: Callable[[], T], name: str, understand: Callable[[Exception], Failure], policy: RetryPolicy = DEFAULT_POLICY
) -> T:
    """Call until the call succeeds or the policy is exhausted; then the error of the last attempt is raised.

    Args:
        call: One attempt.
        name: What the attempts are for, to be logged. It must hold no secrets.
        understand: What an error of the call means. It is called once for each error.
        policy: How often and how long to try.
    """
    attempts = _Attempts(name, understand, policy)
    retrying = Retrying(
        retry=attempts.is_worth_another,
        wait=attempts.wait_seconds,
        stop=attempts.is_exhausted,
        before_sleep=attempts.log,
        sleep=policy.sleep,
        reraise=True,
    )
    return retrying(call)


def retry_after_seconds(header: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks to wait, a number or a date; null if it says neither."""
    if header is None:
        return None
    try:
        return Retry(retry_after_max=10**9).parse_retry_after(header)
    except (InvalidHeader, ValueError, OverflowError):
        return None


class _Attempts:
    """The attempts at one call so far. `tenacity` calls the public methods in the order in which they stand here."""

    def __init__(self, name: str, understand: Callable[[Exception], Failure], policy: RetryPolicy) -> None:
        self._name = name
        self._understand = understand
        self._policy = policy
        self._n_attempts = 0
        self._n_refusals = 0
        self._asked_seconds = 0.0
        self._attempt_started = self._progressed_at = policy.clock()
        self._failure = Failure("", is_transient=False)

    def is_worth_another(self, state: RetryCallState) -> bool:
        """Count the attempt, and say whether another attempt may succeed."""
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Exception):
            return False
        failure = self._failure = self._understand(error)
        self._n_refusals = self._n_refusals + 1 if failure.is_refusal else 0
        if failure.has_progressed:
            self._progressed_at = self._policy.clock()
        else:
            self._n_attempts += 1
        return failure.is_transient

    @property
    def _left_seconds(self) -> float:
        """Time that the server may still ask to wait."""
        return self._policy.retry_after_seconds - self._asked_seconds

    def wait_seconds(self, _: RetryCallState) -> float:
        """Time to wait before the next attempt: what the server asks for, else a time that doubles, with jitter."""
        if self._failure.retry_after_seconds is not None:
            return min(self._failure.retry_after_seconds, self._left_seconds)
        first = self._policy.backoff_seconds
        doubled: float = first * 2 ** max(self._n_attempts - 1, 0)
        return min(doubled + random.uniform(0, first), self._policy.backoff_max_seconds)

    def is_exhausted(self, state: RetryCallState) -> bool:
        """Whether the next attempt would break a limit, if it takes as long as the last attempt did."""
        policy, failure = self._policy, self._failure
        if self._n_attempts >= policy.max_attempts or self._n_refusals >= policy.max_refusals:
            return True
        now = policy.clock()
        if failure.retry_after_seconds:
            if self._left_seconds <= 0:
                return True
            self._asked_seconds += state.upcoming_sleep
            self._progressed_at += state.upcoming_sleep  # this wait does not count as silence
            return False
        last_seconds = 0.0 if failure.has_progressed else now - self._attempt_started
        return now + state.upcoming_sleep + last_seconds - self._progressed_at > policy.give_up_seconds

    def log(self, state: RetryCallState) -> None:
        """Say what happened, and when the next attempt comes."""
        asked, wanted = "", self._failure.retry_after_seconds
        if wanted:
            asked = (
                ", as the server asks" if wanted <= state.upcoming_sleep else f" (the server asks for {wanted:,.0f} s)"
            )
        logger.warning(
            "%s: %s. Trying again in %.0f s%s (%d of %d attempts used).",
            self._name, self._failure.reason, state.upcoming_sleep, asked, self._n_attempts, self._policy.max_attempts,
        )  # fmt: skip
        self._attempt_started = self._policy.clock() + state.upcoming_sleep
