"""How the server is treated."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.network.client import Limits
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import BucketServer, Fault, busy, cut
from every_eval_tests.storage.conftest import CONTENT, HASTY, NAME


def test_requests_are_anonymous_and_say_who_asks(
    server: BucketServer, bucket: BucketStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login someone password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    bucket.read(NAME)
    (request,) = server.requests
    assert request.headers["User-Agent"].startswith("every_eval (https://")
    assert not {"Authorization", "Cookie"} & request.headers.keys()


def test_connections_are_kept_and_no_more_than_the_limit(server: BucketServer) -> None:
    server.delay_seconds = 0.005
    bucket = BucketStorage(server.root_url, limits=Limits(connections=3))
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(bucket.read, [NAME] * 36)) == [CONTENT] * 36
    assert len(server.requests) == 36
    assert len({r.client for r in server.requests}) <= 3


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited for, had anybody waited."""
    found: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", found.append)
    return found


@pytest.mark.parametrize(("asked", "given"), [("7", 7), ("100000", 300)])
def test_a_busy_server_is_given_the_time_it_asks_for_within_reason(
    waits: list[float], asked: str, given: float
) -> None:
    with BucketServer({NAME: CONTENT}) as server:
        server.spoil(NAME, busy(429, asked))
        BucketStorage(server.root_url).stat(NAME)
    assert [wait for wait in waits if wait] == [given]


@pytest.mark.parametrize("fault", [busy(503), cut(5)], ids=["before the body", "in the body"])
def test_waits_double_and_differ_between_clients(waits: list[float], fault: Fault) -> None:
    with BucketServer({NAME: CONTENT}) as server:
        server.spoil(NAME, fault, times=99)
        with pytest.raises(UpstreamUnavailable):
            BucketStorage(server.root_url, limits=Limits(attempts=5)).read(NAME)
    found = [wait for wait in waits if wait]
    assert len(found) == 3  # none before the second attempt
    assert all(least <= wait < least + 1 for least, wait in zip((2, 4, 8), found, strict=True))
    assert len({wait % 1 for wait in found}) == 3


def test_a_server_that_keeps_silent_is_not_waited_for_forever() -> None:
    limits = Limits(attempts=2, backoff_seconds=0.001, timeout_seconds=0.05)
    with (
        BucketServer({NAME: CONTENT}, delay_seconds=1) as server,
        pytest.raises(UpstreamUnavailable, match="timed out"),
    ):
        BucketStorage(server.root_url, limits=limits).read(NAME)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with BucketServer({}) as gone:
        bucket = BucketStorage(gone.root_url, limits=HASTY)
    for call in (lambda: bucket.read(NAME), lambda: bucket.stat(NAME), lambda: list(bucket.list("")),
                 lambda: bucket.can_list):  # fmt: skip
        with pytest.raises(UpstreamUnavailable, match="does not answer"):
            call()
