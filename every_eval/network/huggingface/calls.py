"""Calls of the Hub's own client, each repeated by the one policy of `network.retries`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from every_eval.errors import HubUnavailable
from every_eval.network.huggingface.client_errors import CLIENT_ERRORS, Explainer, Failed
from every_eval.network.outages import Outage
from every_eval.network.retries import Failure, RetryPolicy, call_with_retries

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Calls:
    """Repeats calls, and turns what the client raises into errors of ours."""

    explainer: Explainer
    policy: RetryPolicy
    outage: Outage | None = None
    """What calls of all threads have met; null where few calls are made."""

    def repeat(self, action: str, call: Callable[[], T]) -> T:
        """Return the result of a call; `action` says what it does, for example `list the files of a/b`.

        Raises:
            HubUnavailable: the Hub does not answer, or is busy, after all attempts.
            ConfigurationError: the Hub rejects the token, or the address is wrong.
            TerminalError: the Hub refuses the call for another reason.
            ServerDown: the Hub has failed so many calls before that this call sent no request.
        """
        attempt = partial(self.attempt, action, call)
        if self.outage is None:
            return self.repeat_attempt(action, attempt)
        with self.outage.call():
            try:
                return self.repeat_attempt(action, partial(_watched, self.outage, attempt))
            except HubUnavailable:
                self.outage.note_given_up()
                raise

    def repeat_attempt(self, action: str, attempt: Callable[[], T | Failed]) -> T:
        """Make attempts until one succeeds, or the policy says to give up; then raise the last one's error."""
        failed: Failed | None = None

        def call() -> T:
            nonlocal failed
            result = attempt()
            if isinstance(result, Failed):
                failed = result
                raise result.error
            return result

        def understand(error: Exception) -> Failure:
            is_ours = failed is not None and error is failed.error
            # Any other error comes from a call inside the attempt, which has made its own attempts.
            return failed.failure if failed is not None and is_ours else Failure(str(error), is_transient=False)

        return call_with_retries(call, f"Cannot {action}", understand, self.policy)

    def attempt(self, action: str, call: Callable[[], T], progress: Callable[[], int] = lambda: 0) -> T | Failed:
        """Make one attempt; the attempt has made progress if the number that `progress` returns has grown."""
        before = progress()
        try:
            return call()
        except CLIENT_ERRORS as error:
            return self.explainer.explain(error, action, has_progressed=progress() > before)


def _watched(outage: Outage, attempt: Callable[[], T | Failed]) -> T | Failed:
    """Make an attempt, and note what it met."""
    outage.begin_attempt()
    result = attempt()
    if isinstance(result, Failed) and result.failure.is_transient:
        outage.note_failure()
    else:
        outage.note_success()
    return result
