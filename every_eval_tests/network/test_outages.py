"""A server that fails everybody costs tens of requests, however many objects are asked for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.network.client import Client, Limits
from every_eval.network.outages import MAX_GIVEN_UP, QUIET_SECONDS, SUSPICIOUS, Outage, ServerDown
from every_eval.network.retries import MAX_ATTEMPTS, RetryPolicy
from every_eval.network.version import Version
from every_eval_tests.storage.bucket_server import BucketServer, Fault, busy, cut, reset

N_OBJECTS = 1000
N_THREADS = 16
OBJECTS = {f"run/{number:04}.json": b"%d" % number for number in range(N_OBJECTS)}
LIMITS = Limits(retries=RetryPolicy(backoff_seconds=0.001))


@pytest.fixture
def server() -> Iterator[BucketServer]:
    with BucketServer(dict(OBJECTS)) as server:
        yield server


def read(client: Client, server: BucketServer, name: str) -> bytes | None:
    """Return the content; null if the server does not answer."""
    with suppress(UpstreamUnavailable), client.get(f"{server.root_url}/{name}", Version()).file as file:
        return file.read()
    return None


def read_all(client: Client, server: BucketServer) -> list[bytes | None]:
    with ThreadPoolExecutor(N_THREADS) as threads:
        return list(threads.map(lambda name: read(client, server, name), OBJECTS))


@pytest.mark.parametrize("fault", [busy(503), busy(429, "0"), cut(0), reset(0)], ids=["503", "429", "cut", "reset"])
def test_a_server_that_fails_everybody_is_asked_tens_of_times(server: BucketServer, fault: Fault) -> None:
    server.spoil("*", fault, times=100 * N_OBJECTS)
    assert read_all(Client(LIMITS), server) == [None] * N_OBJECTS
    assert len(server.requests) <= N_THREADS + MAX_GIVEN_UP * MAX_ATTEMPTS + N_THREADS


def test_a_server_that_comes_back_is_read_to_the_end(server: BucketServer) -> None:
    server.spoil("*", busy(503), times=N_THREADS + 3)
    assert read_all(Client(LIMITS), server) == list(OBJECTS.values())


@pytest.mark.slow
def test_objects_that_fail_for_ever_do_not_stop_their_neighbours(server: BucketServer) -> None:
    bad = [name for number, name in enumerate(OBJECTS) if number % 100 == 0]
    for name in bad:
        server.spoil(name, busy(503), times=1000)
    found = dict(zip(OBJECTS, read_all(Client(LIMITS), server), strict=True))
    assert [name for name, content in found.items() if content is None] == bad


def test_after_a_while_the_next_call_tries_again() -> None:
    now = [0.0]
    outage = Outage("example.org", lambda: now[0])
    for _ in range(SUSPICIOUS):
        outage.note_failure()
    for _ in range(MAX_GIVEN_UP):
        outage.note_given_up()
    with pytest.raises(ServerDown, match=r"example\.org has failed the last 8 requests"), outage.call():
        outage.begin_attempt()
    now[0] = QUIET_SECONDS
    with outage.call():
        outage.begin_attempt()
        outage.note_success()
    with outage.call():
        outage.begin_attempt()
