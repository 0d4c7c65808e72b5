"""What only a bucket does: check its address, encode names, and work without a listing."""

import logging

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.retries import MAX_ATTEMPTS
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import LISTING, BucketServer, busy
from every_eval_tests.storage.conftest import CONTENT, NAME, PACKED


@pytest.mark.parametrize(
    "url",
    [
        "crfm-helm-public",
        "ftp://host/bucket",
        "https://",
        "gs://bucket",
        "https://h/b?x=1",
        "https://h:99999/b",
        "https://[::1/b",
    ],
)
def test_an_address_that_is_not_the_address_of_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the address of a bucket"):
        BucketStorage(url)
    with pytest.raises(ConfigurationError, match="is not the address of a bucket"):
        BucketStorage("https://host/bucket", url)


def test_an_address_with_a_password_is_refused_without_showing_the_password() -> None:
    with pytest.raises(ConfigurationError, match="holds a user name or password") as raised:
        BucketStorage("https://me:pa55word@host/bucket")
    assert "pa55word" not in str(raised.value)


def test_names_are_percent_encoded_in_the_request_only(server: BucketServer, bucket: BucketStorage) -> None:
    assert bucket.read(NAME) == CONTENT
    assert [r.name for r in server.requests] == [NAME]


def test_a_bucket_without_a_listing_says_so_once_and_can_be_read(server: BucketServer, bucket: BucketStorage) -> None:
    server.spoil(LISTING, busy(403), times=2)
    assert not bucket.can_list
    assert not bucket.can_list
    with pytest.raises(ConfigurationError, match="There is no listing"):
        list(bucket.list(""))
    assert bucket.read(NAME) == CONTENT


def test_a_server_that_is_down_is_not_taken_for_a_bucket_without_a_listing(
    server: BucketServer, bucket: BucketStorage
) -> None:
    server.spoil(LISTING, busy(503), times=MAX_ATTEMPTS)
    with pytest.raises(UpstreamUnavailable, match="503"):
        assert bucket.can_list
    assert bucket.can_list


def test_an_object_whose_name_no_file_can_have_is_left_out_with_a_warning(
    server: BucketServer, bucket: BucketStorage, caplog: pytest.LogCaptureFixture
) -> None:
    server.objects |= {"lite//stats.json": b"", "lite/empty/": b""}
    with caplog.at_level(logging.WARNING):
        assert [o.name for o in bucket.list("lite/")] == [NAME, PACKED]
    assert [record.args for record in caplog.records] == [(server.root_url, "lite//stats.json")]
    assert "lite" in bucket.list_folders("")


def test_an_object_stored_as_gzip_is_checked_as_stored_and_read_decoded(
    server: BucketServer, bucket: BucketStorage
) -> None:
    (listed,) = (o for o in bucket.list("lite/") if o.name == PACKED)
    assert listed.md5 is None
    assert listed.size == len(server.stored(PACKED))
    assert bucket.read(listed.name, listed.witness) == CONTENT
    assert [r.headers["Accept-Encoding"] for r in server.requests[1:]] == ["gzip"]
    assert bucket.read(listed.name) == CONTENT
    assert [r.headers["Accept-Encoding"] for r in server.requests[2:]] == ["identity", "gzip"]
