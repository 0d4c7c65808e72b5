"""How often a call is repeated, how long it waits, and when it gives up: on a clock that moves only when it sleeps."""

import logging
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import pytest

from every_eval.network.retries import (
    GIVE_UP_SECONDS,
    MAX_ATTEMPTS,
    MAX_REFUSALS,
    Failure,
    RetryPolicy,
    call_with_retries,
    retry_after_seconds,
)

BUSY = Failure("503 Service Unavailable", is_transient=True)


class CallFailed(Exception):
    """Raised by a call that fails; what the failure means is in its argument."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass
class FakeServer:
    """Fails as told, then answers; each attempt takes `attempt_seconds` on the fake clock."""

    failures: list[Failure]
    attempt_seconds: float = 0.0
    now: float = 1000.0
    n_calls: int = 0
    waits: list[float] = field(default_factory=list)

    def call(self) -> str:
        self.n_calls += 1
        self.now += self.attempt_seconds
        if self.n_calls <= len(self.failures):
            raise CallFailed(self.failures[self.n_calls - 1])
        return "answer"

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def ask(self) -> str:
        policy = RetryPolicy(sleep=self.sleep, clock=lambda: self.now)
        return call_with_retries(self.call, "GET http://host/a", understood, policy)


def understood(error: Exception) -> Failure:
    assert isinstance(error, CallFailed)
    return error.failure


def test_a_call_that_succeeds_is_made_once() -> None:
    server = FakeServer([])
    assert server.ask() == "answer"
    assert (server.n_calls, server.waits) == (1, [])


def test_a_transient_failure_is_followed_by_waits_that_double_with_jitter_up_to_half_a_minute() -> None:
    server = FakeServer([BUSY] * 7)
    assert server.ask() == "answer"
    for least, wait in zip((1, 2, 4, 8, 16), server.waits, strict=False):
        assert least <= wait <= least + 1
    assert server.waits[5:] == [30, 30]
    assert len({wait % 1 for wait in server.waits[:5]}) == 5


def test_a_failure_that_stays_costs_the_most_attempts_and_then_raises_its_own_error() -> None:
    server = FakeServer([BUSY] * 99)
    with pytest.raises(CallFailed, match="503 Service Unavailable"):
        server.ask()
    assert server.n_calls == MAX_ATTEMPTS == 8
    assert server.now - 1000 <= GIVE_UP_SECONDS


def test_a_failure_that_cannot_pass_is_raised_at_once() -> None:
    server = FakeServer([Failure("the host's name is unknown", is_transient=False)])
    with pytest.raises(CallFailed, match="unknown"):
        server.ask()
    assert (server.n_calls, server.waits) == (1, [])


def test_three_refused_connections_in_a_row_end_the_call() -> None:
    refused = Failure("connection refused", is_transient=True, is_refusal=True)
    server = FakeServer([refused] * 99)
    with pytest.raises(CallFailed, match="refused"):
        server.ask()
    assert server.n_calls == MAX_REFUSALS == 3
    assert sum(server.waits) <= 5

    recovering = FakeServer([refused, refused, BUSY, refused, refused])
    assert recovering.ask() == "answer"


@pytest.mark.parametrize("attempt_seconds", [5, 30, 59, 119, 500])
def test_a_server_that_accepts_and_never_answers_is_given_up_within_two_minutes(attempt_seconds: float) -> None:
    server = FakeServer([Failure("no answer in time", is_transient=True)] * 99, attempt_seconds)
    with pytest.raises(CallFailed):
        server.ask()
    assert server.now - 1000 <= max(GIVE_UP_SECONDS, attempt_seconds)
    assert server.n_calls >= 2 or attempt_seconds > GIVE_UP_SECONDS / 2 - 2


def test_attempts_that_gained_bytes_count_neither_as_attempts_nor_as_silence() -> None:
    cut = Failure("the answer is incomplete", is_transient=True, has_progressed=True)
    server = FakeServer([cut] * 50 + [BUSY] * 3 + [cut] * 50, attempt_seconds=20)
    assert server.ask() == "answer"
    assert server.n_calls == 104


def test_a_server_is_given_the_time_that_it_asks_for_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer([replace(BUSY, retry_after_seconds=seconds) for seconds in (0, 300, 600)])
    with caplog.at_level(logging.WARNING):
        assert server.ask() == "answer"
    assert server.waits == [0, 300, 600]
    assert caplog.messages == [
        "GET http://host/a: 503 Service Unavailable. Trying again in 0 s (1 of 8 attempts used).",
        "GET http://host/a: 503 Service Unavailable. Trying again in 300 s, as the server asks (2 of 8 attempts used).",
        "GET http://host/a: 503 Service Unavailable. Trying again in 600 s, as the server asks (3 of 8 attempts used).",
    ]


@pytest.mark.parametrize(
    ("asked", "waits"),
    [([901], [900]), ([450, 440, 100], [450, 440, 10]), ([3600, 1], [900]), ([450, 450, 1], [450, 450])],
)
def test_a_server_is_waited_for_fifteen_minutes_in_all_and_then_tried_once_more(
    asked: list[float], waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    server = FakeServer([replace(BUSY, retry_after_seconds=seconds) for seconds in asked])
    is_given_up = len(waits) < len(asked)
    with caplog.at_level(logging.WARNING), pytest.raises(CallFailed) if is_given_up else nullcontext():
        server.ask()
    assert server.waits == waits
    cut = [seconds for seconds, wait in zip(asked, waits, strict=False) if seconds > wait]
    assert [f"(the server asks for {seconds:,} s)" in caplog.text for seconds in cut] == [True] * len(cut)


def test_waits_that_the_server_asks_for_do_not_shorten_the_time_for_other_attempts() -> None:
    server = FakeServer([replace(BUSY, retry_after_seconds=600), BUSY, BUSY])
    assert server.ask() == "answer"
    assert server.n_calls == 4


def test_an_interruption_is_never_repeated() -> None:
    def interrupted() -> str:
        calls.append(1)
        raise KeyboardInterrupt

    calls: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        call_with_retries(interrupted, "GET http://host/a", understood, RetryPolicy())
    assert calls == [1]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7),
        (" 100000 ", 100_000),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_a_retry_after_header_is_a_number_of_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header) == seconds
