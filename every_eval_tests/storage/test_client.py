"""How the server is treated."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.client import Limits
from every_eval_tests.storage.bucket_server import BucketServer, busy
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


def test_a_busy_server_is_given_the_time_it_asks_for() -> None:
    with BucketServer({NAME: CONTENT}) as server:
        server.spoil(NAME, busy(429, "1"))
        BucketStorage(server.root_url, limits=HASTY).stat(NAME)
    first, second = server.requests
    assert second.at_seconds - first.at_seconds >= 1


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
