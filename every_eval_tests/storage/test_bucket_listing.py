"""The bucket's own listing: its requests, and what happens if an answer is wrong."""

import socket
from typing import Any

import pytest

from every_eval.errors import ConfigurationError, UpstreamMalformed, UpstreamUnavailable
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import LISTING, BucketServer, Fault, busy, cut, flipped, truncated
from every_eval_tests.storage.conftest import HASTY, NAME, PACKED


def test_a_listing_asks_for_the_needed_fields_a_thousand_objects_a_page(
    server: BucketServer, bucket: BucketStorage
) -> None:
    server.objects |= {f"lite/many/{i:04}.json": b"" for i in range(2500)}
    assert len(list(bucket.list("lite/many/"))) == 2500
    assert [r.query.get("pageToken") for r in server.requests] == [None, "lite/many/0999.json", "lite/many/1999.json"]
    assert {r.query["fields"] for r in server.requests} == {
        "items(name,size,md5Hash,generation,contentEncoding),nextPageToken"
    }


@pytest.mark.parametrize("fault", [busy(500), busy(429, "0"), cut(3)], ids=["500", "429", "cut"])
def test_a_listing_is_retried_and_never_silently_short(
    server: BucketServer, bucket: BucketStorage, fault: Fault
) -> None:
    server.spoil(LISTING, fault, times=2)
    assert [o.name for o in bucket.list("lite/")] == [NAME, PACKED]
    server.spoil(LISTING, fault, times=99)
    with pytest.raises(UpstreamUnavailable):
        list(bucket.list("lite/"))


def test_a_page_that_is_not_json_is_an_error(server: BucketServer) -> None:
    bucket = BucketStorage(server.root_url, f"{server.root_url}/{NAME.replace(' ', '%20')}", HASTY)
    with pytest.raises(ConfigurationError, match="does not answer with the listing"):
        list(bucket.list(""))


def wrong(old: bytes, new: bytes) -> Fault:
    """Replace a part of the answer."""
    return lambda answer: setattr(answer, "body", answer.body.replace(old, new))


WRONG_PAGES = {
    "out of order": (wrong(b"lite/packed", b"lite/a"), "out of order: .* after"),
    "no digest": (wrong(b"==", b"=!"), "unusable MD5 .* base64"),
    "cut off": (truncated(100), "does not answer with the listing"),
    "flipped": (flipped, "does not answer with the listing"),
    "of another kind": (wrong(b'"items": ', b'"items": 1'), "does not answer with the listing"),
}


@pytest.mark.parametrize(("fault", "reason"), WRONG_PAGES.values(), ids=WRONG_PAGES)
def test_a_page_that_cannot_be_right_is_fetched_again(
    server: BucketServer, bucket: BucketStorage, fault: Fault, reason: str
) -> None:
    expected = list(bucket.list(""))
    server.spoil(LISTING, fault, times=3)
    assert list(bucket.list("")) == expected
    server.spoil(LISTING, fault, times=99)
    with pytest.raises(UpstreamMalformed, match=reason):
        list(bucket.list(""))


def test_the_first_page_of_all_is_fetched_again_too(server: BucketServer, bucket: BucketStorage) -> None:
    server.spoil(LISTING, truncated(100), times=3)
    assert bucket.can_list and len(server.requests) == 4


def test_a_web_page_instead_of_a_listing_is_not_asked_for_again(server: BucketServer, bucket: BucketStorage) -> None:
    server.spoil(LISTING, lambda answer: setattr(answer, "body", b"<html>Welcome</html>"), times=99)
    assert not bucket.can_list
    assert len(server.requests) == 1


def test_a_listing_on_a_host_that_nobody_knows_is_not_taken_for_a_bucket_without_a_listing(
    server: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def resolve_loopback(host: str, *rest: Any, **options: Any) -> Any:
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_loopback)
    bucket = BucketStorage(server.root_url, "http://listing.invalid/storage/v1/b/crfm-helm-public/o", HASTY)
    with pytest.raises(ConfigurationError, match="the host's name is unknown"):
        assert bucket.can_list
