"""How the client treats a server: anonymously, over few connections, with a bounded number of requests."""

import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.client import MAX_REDIRECTS, Client, Limits
from every_eval.network.retries import MAX_ATTEMPTS, MAX_REFUSALS, RETRY_AFTER_SECONDS, RetryPolicy
from every_eval.network.version import Version
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import (
    Answer,
    BucketServer,
    Fault,
    busy,
    cut,
    flipped,
    reset,
    stalled,
    truncated,
)
from every_eval_tests.storage.conftest import CONTENT, HASTY, NAME


class FakeSleep(list[float]):
    """Waits for nothing, and keeps the seconds that it should have waited."""

    def limits(self, read_seconds: float = 30.0) -> Limits:
        return Limits(read_seconds=read_seconds, retries=RetryPolicy(sleep=self.append))


@pytest.fixture
def waits() -> FakeSleep:
    return FakeSleep()


@pytest.fixture
def silent_socket() -> Iterator[socket.socket]:
    """A socket to which one can connect, and that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        yield silent


def n_connections(silent: socket.socket) -> int:
    n = 0
    while True:
        try:
            silent.accept()[0].close()
        except BlockingIOError:
            return n
        n += 1


def test_requests_are_anonymous_and_say_who_asks(
    server: BucketServer, bucket: BucketStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login someone password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    bucket.read(NAME)
    (request,) = server.requests
    assert request.headers["User-Agent"].startswith("every_eval (https://")
    assert not {"Authorization", "Cookie"} & request.headers.keys()


def test_a_redirected_request_is_anonymous_too(
    server: BucketServer, bucket: BucketStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def redirected(answer: Answer) -> None:
        answer.status, answer.headers = 302, {"Location": f"{server.root_url}/moved.json"}

    (tmp_path / "netrc").write_text("default login someone password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.put("moved.json", CONTENT)
    server.spoil(NAME, redirected)
    assert bucket.read(NAME) == CONTENT
    assert [request.name for request in server.requests] == [NAME, "moved.json"]
    assert all("Authorization" not in request.headers for request in server.requests)


def test_connections_are_kept_and_no_more_than_the_limit(server: BucketServer) -> None:
    server.delay_seconds = 0.005
    bucket = BucketStorage(server.root_url, limits=Limits(connections=3))
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(bucket.read, [NAME] * 36)) == [CONTENT] * 36
    assert len(server.requests) == 36
    assert len({r.client for r in server.requests}) <= 3


LASTING: dict[str, Fault] = {
    "500": busy(500),
    "503": busy(503),
    "429": busy(429, "1"),
    "cut at once": cut(0),
    "reset at once": reset(0),
    "truncated": truncated(7),
    "a wrong byte": flipped,
}


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING.keys())
def test_a_file_costs_at_most_eight_requests_whatever_goes_wrong(
    server: BucketServer, waits: FakeSleep, fault: Fault
) -> None:
    server.spoil(NAME, fault, times=99)
    with pytest.raises(UpstreamUnavailable):
        BucketStorage(server.root_url, limits=waits.limits()).read(NAME)
    assert len(server.requests) == MAX_ATTEMPTS == 8
    assert len(waits) == 7


def test_faults_of_different_kinds_share_the_eight_requests(server: BucketServer, waits: FakeSleep) -> None:
    for fault in [busy(503), cut(0), truncated(7), reset(0)] * 5:
        server.spoil(NAME, fault)
    with pytest.raises(UpstreamUnavailable):
        BucketStorage(server.root_url, limits=waits.limits()).read(NAME)
    assert len(server.requests) == 8


def test_the_headers_of_a_file_cost_at_most_eight_requests(server: BucketServer, waits: FakeSleep) -> None:
    server.spoil(NAME, busy(503), times=99)
    with pytest.raises(UpstreamUnavailable, match="the server answers 503"):
        BucketStorage(server.root_url, limits=waits.limits()).stat(NAME)
    assert len(server.requests) == 8


def test_attempts_that_gain_bytes_do_not_count(server: BucketServer, waits: FakeSleep) -> None:
    server.spoil(NAME, cut(40_000), times=99)
    assert BucketStorage(server.root_url, limits=waits.limits()).read(NAME) == CONTENT
    assert len(server.requests) == len(CONTENT) / 40_000 == 20


def test_a_connection_that_stalls_loses_no_byte_that_has_arrived(server: BucketServer, waits: FakeSleep) -> None:
    server.spoil(NAME, stalled(300_000), times=2)
    assert BucketStorage(server.root_url, limits=waits.limits(0.3)).read(NAME) == CONTENT
    assert [r.headers.get("Range") for r in server.requests] == [None, "bytes=300000-", "bytes=600000-"]


def test_a_server_that_sends_the_same_bytes_again_each_time_is_given_up(waits: FakeSleep) -> None:
    with BucketServer({NAME: CONTENT}, ranges=False) as server:
        server.spoil(NAME, cut(5000), times=99)
        with pytest.raises(UpstreamUnavailable):
            BucketStorage(server.root_url, limits=waits.limits()).read(NAME)
    assert len(server.requests) == 9  # the first attempt gained bytes, as far as the client could know


def test_a_server_that_accepts_and_never_answers_is_given_up(silent_socket: socket.socket, waits: FakeSleep) -> None:
    address = f"http://127.0.0.1:{silent_socket.getsockname()[1]}/bucket"
    with pytest.raises(UpstreamUnavailable, match=rf"^Cannot reach {address}/a \(no answer in time\)\.$"):
        Client(waits.limits(read_seconds=0.02)).get(f"{address}/a", Version())
    assert n_connections(silent_socket) == 8


def test_a_connection_that_is_refused_three_times_is_given_up(waits: FakeSleep) -> None:
    with BucketServer({}) as gone:
        host = urlsplit(gone.root_url).netloc
    calls: Sequence[Callable[[BucketStorage], object]] = (
        *(lambda bucket: bucket.read(NAME), lambda bucket: bucket.stat(NAME)),
        *(lambda bucket: list(bucket.list("")), lambda bucket: bucket.can_list),
    )
    for call in calls:
        waits.clear()
        bucket = BucketStorage(gone.root_url, limits=waits.limits())
        with pytest.raises(UpstreamUnavailable, match=rf"^Cannot reach http://{host}/\S+ \(connection refused\)\.$"):
            call(bucket)
        assert len(waits) == MAX_REFUSALS - 1 == 2


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://no-such-host.invalid/bucket/a", "the host's name is unknown"),
        (f"http://{'a' * 64}.example/bucket/a", "the address is malformed"),
        ("http://127.0.0.1:99999/bucket/a", "the address is malformed"),
        ("gopher://127.0.0.1/bucket/a", "the address is malformed"),
    ],
)
def test_what_cannot_pass_is_said_at_once(
    waits: FakeSleep, monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConfigurationError) as raised:
        Client(waits.limits()).head(url)
    assert str(raised.value) == f"Cannot reach {url} ({reason})."
    assert waits == []


def test_redirections_in_a_circle_are_given_up_within_eight_requests(server: BucketServer, waits: FakeSleep) -> None:
    def redirected(answer: Answer) -> None:
        answer.status, answer.headers = 302, {"Location": f"{server.root_url}/{NAME}"}

    server.spoil(NAME, redirected, times=99)
    with pytest.raises(ConfigurationError, match="redirects more than 5 times"):
        BucketStorage(server.root_url, limits=waits.limits()).read(NAME)
    assert len(server.requests) == MAX_REDIRECTS + 1 <= 8


def test_a_proxy_that_refuses_connections_is_named_as_the_cause(
    waits: FakeSleep, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BucketServer({}) as gone:
        monkeypatch.setenv("http_proxy", gone.root_url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(UpstreamUnavailable, match=r"\(the proxy does not connect: connection refused\)"):
        Client(waits.limits()).head("http://bucket.example/bucket/a")
    assert len(waits) == 2


@pytest.mark.parametrize("asked", ["7", "900"])
def test_a_busy_server_is_given_the_time_that_it_asks_for_and_the_log_says_so(
    server: BucketServer, waits: FakeSleep, caplog: pytest.LogCaptureFixture, asked: str
) -> None:
    server.spoil(NAME, busy(429, asked))
    with caplog.at_level(logging.WARNING):
        BucketStorage(server.root_url, limits=waits.limits()).stat(NAME)
    assert waits == [float(asked)]
    (message,) = caplog.messages
    assert f"the server answers 429 Too Many Requests and asks to wait {asked} s. Trying again in {asked} s" in message


@pytest.mark.parametrize("times", [1, 2])
def test_a_server_that_asks_for_more_than_fifteen_minutes_is_tried_once_more_after_these(
    server: BucketServer, waits: FakeSleep, times: int
) -> None:
    server.spoil(NAME, busy(429, "100000"), times)
    with nullcontext() if times == 1 else pytest.raises(UpstreamUnavailable, match="asks to wait 100,000 s"):
        BucketStorage(server.root_url, limits=waits.limits()).stat(NAME)
    assert waits == [RETRY_AFTER_SECONDS]


def test_an_error_shows_neither_credentials_nor_objects_of_the_library(server: BucketServer) -> None:
    server.spoil("*", busy(503), times=99)
    url = f"{server.root_url}/a?X-Amz-Signature=secret"
    with pytest.raises(UpstreamUnavailable) as raised:
        Client(HASTY).get(url, Version())
    assert str(raised.value) == (
        f"Cannot read {server.root_url}/a?X-Amz-Signature=[redacted]: the server answers 503 Service Unavailable."
    )
    assert raised.value.__cause__ is None and raised.value.__suppress_context__
