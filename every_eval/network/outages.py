"""Outages: when a server fails everybody, one thread at a time tries again, and in the end nobody asks for a while.

Otherwise each of a thousand objects would be requested as often as the retry policy allows while the server is down.
A server that fails on some objects and sends others has no outage: each success ends the suspicion.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from every_eval.errors import UpstreamUnavailable

SUSPICIOUS: Final = 8
"""Attempts in a row, of all threads, that fail before one thread at a time may try."""
MAX_GIVEN_UP: Final = 3
"""Calls in a row that are given up before no request is sent any more."""
QUIET_SECONDS: Final = 60.0
"""Time without a request after that. Then the next call tries again."""


class ServerDown(UpstreamUnavailable):
    """The server failed so many calls before that this call sent no request."""


class Outage:
    """What the calls of all threads have met at one server."""

    def __init__(self, server: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`server` names the server in messages; `clock` returns seconds."""
        self._server = server
        self._clock = clock
        self._turn = threading.RLock()
        self._state = threading.Lock()
        self._n_failed = 0
        self._n_given_up = 0
        self._quiet_until = 0.0
        self._mine = threading.local()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Surround a call with all of its attempts.

        Raises:
            ServerDown: no request may be sent now.
        """
        try:
            yield
        finally:
            self._end_turn()

    def begin_attempt(self) -> None:
        """Wait while another thread tries a server that fails everybody.

        Raises:
            ServerDown: no request may be sent now.
        """
        if self._n_failed < SUSPICIOUS:
            return
        if not self._has_turn:
            self._turn.acquire()
            self._mine.has_turn = True
        if self._n_failed < SUSPICIOUS:
            self._end_turn()
        elif self._clock() < self._quiet_until:
            raise ServerDown(
                f"{self._server} has failed the last {self._n_failed} requests. It is not asked again before "
                f"{QUIET_SECONDS:.0f} seconds have passed."
            )

    def note_success(self) -> None:
        """Note that the server answers."""
        with self._state:
            self._n_failed = self._n_given_up = 0
        self._end_turn()

    def note_failure(self) -> None:
        """Note that the server does not answer an attempt, or answers that it is busy or broken."""
        with self._state:
            self._n_failed += 1

    def note_given_up(self) -> None:
        """Note that a call has no attempts left."""
        with self._state:
            self._n_given_up += 1
            if self._n_given_up >= MAX_GIVEN_UP and self._n_failed >= SUSPICIOUS:
                self._quiet_until = self._clock() + QUIET_SECONDS

    @property
    def _has_turn(self) -> bool:
        return getattr(self._mine, "has_turn", False)

    def _end_turn(self) -> None:
        if self._has_turn:
            self._mine.has_turn = False
            self._turn.release()
