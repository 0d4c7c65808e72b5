"""Whatever goes wrong on the way, the content comes out the same, or an error is raised."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.network.client import Limits
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import (
    Answer,
    BucketServer,
    Fault,
    busy,
    cut,
    dripping,
    flipped,
    reset,
    stalled,
    truncated,
)
from every_eval_tests.storage.conftest import CONTENT, HASTY, NAME

LASTING = {
    "500": busy(500),
    "503": busy(503),
    "429": busy(429, "0"),
    "cut at once": cut(0),
    "reset at once": reset(0),
    "truncated": truncated(7),
    "flipped": flipped,
}
PASSING = {**LASTING, "cut later": cut(5000), "reset later": reset(5000)}


@pytest.fixture(params=["bucket", "gzip", "without ranges"])
def server(request: pytest.FixtureRequest) -> Iterator[BucketServer]:
    encoded = frozenset({NAME} if request.param == "gzip" else ())
    with BucketServer({NAME: CONTENT}, encoded, ranges=request.param != "without ranges") as server:
        yield server


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_changes_nothing(server: BucketServer, bucket: BucketStorage, fault: Fault) -> None:
    server.spoil(NAME, fault, times=2)
    (listed,) = bucket.list("lite/")
    assert bucket.read(NAME, listed.witness) == CONTENT


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING.keys())
def test_a_fault_that_stays_is_an_error_that_names_the_object(
    server: BucketServer, bucket: BucketStorage, fault: Fault
) -> None:
    server.spoil(NAME, fault, times=99)
    with pytest.raises(UpstreamUnavailable, match=re.escape(quote(NAME))):
        bucket.read(NAME)


def test_a_slow_link_is_waited_for_while_bytes_arrive_and_dropped_when_none_do() -> None:
    limits = Limits(read_seconds=0.5, retries=HASTY.retries)
    with BucketServer({NAME: CONTENT[:100_000]}) as server:
        bucket = BucketStorage(server.root_url, limits=limits)
        server.spoil(NAME, dripping(100))
        assert bucket.read(NAME) == CONTENT[:100_000]
        server.spoil(NAME, stalled(50_000))
        assert bucket.read(NAME) == CONTENT[:100_000]
        assert len(server.requests) == 3


def test_an_object_that_is_overwritten_after_the_listing_is_an_error(
    server: BucketServer, bucket: BucketStorage
) -> None:
    (listed,) = bucket.list("lite/")
    server.put(NAME, CONTENT)  # the same bytes, of another generation
    with pytest.raises(UpstreamUnavailable, match="changed since it was listed"):
        bucket.read(NAME, listed.witness)
    assert "X-Goog-If-Generation-Match" in server.requests[-1].headers  # so the server sent no content
    (again,) = bucket.list("lite/")
    assert again.witness != listed.witness
    assert bucket.read(NAME, again.witness) == CONTENT


def test_a_cut_download_is_resumed_where_it_was_cut() -> None:
    with BucketServer({NAME: CONTENT}) as server:
        bucket = BucketStorage(server.root_url, limits=HASTY)
        server.spoil(NAME, cut(500_000))
        assert bucket.read(NAME) == CONTENT
    ranges = [r.headers.get("Range") for r in server.requests]
    assert ranges[0] is None
    assert 0 < int(str(ranges[1]).removeprefix("bytes=").removesuffix("-")) <= 500_000


def test_an_object_that_is_stored_as_gzip_is_never_asked_for_in_part() -> None:
    with BucketServer({NAME: CONTENT}, frozenset({NAME})) as server:
        bucket = BucketStorage(server.root_url, limits=HASTY)
        server.spoil(NAME, cut(len(server.stored(NAME)) - 1), times=3)
        assert bucket.read(NAME) == CONTENT
    assert len(server.requests) == 4  # the first answer had no gzip to check
    assert all("Range" not in r.headers for r in server.requests)


@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize("content", [CONTENT[::-1], b"short"], ids=["as long", "shorter"])
def test_a_download_is_never_put_together_from_two_contents(content: bytes, is_plain: bool) -> None:
    with BucketServer({NAME: CONTENT}, is_plain=is_plain) as server:

        def overwritten(answer: Answer) -> None:
            answer.cut_after = 500_000
            server.put(NAME, content)

        server.spoil(NAME, overwritten)
        assert BucketStorage(server.root_url, limits=HASTY).read(NAME) == content


def test_a_part_that_was_not_requested_is_not_used() -> None:
    with BucketServer({NAME: CONTENT}) as server:
        server.spoil(NAME, cut(500_000))
        server.spoil(NAME, lambda answer: answer.headers.update({"Content-Range": "bytes 0-799999/800000"}))
        assert BucketStorage(server.root_url, limits=HASTY).read(NAME) == CONTENT
    assert ["Range" in r.headers for r in server.requests] == [False, True, False]


def test_content_that_is_not_the_gzip_that_the_headers_promise_is_an_error() -> None:
    with BucketServer({NAME: CONTENT}, is_plain=True) as server:
        server.spoil(NAME, lambda answer: answer.headers.update({"Content-Encoding": "gzip"}))
        with pytest.raises(UpstreamUnavailable, match="gzip"):
            BucketStorage(server.root_url, limits=HASTY).read(NAME)


def test_nothing_is_left_on_disk(
    server: BucketServer, bucket: BucketStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server.spoil(NAME, flipped)
    with bucket.open(NAME) as file:
        assert list(tmp_path.iterdir()) == []
        assert file.read() == CONTENT
    server.spoil(NAME, truncated(790_000), times=99)
    with pytest.raises(UpstreamUnavailable):
        bucket.open(NAME)
    assert list(tmp_path.iterdir()) == []
