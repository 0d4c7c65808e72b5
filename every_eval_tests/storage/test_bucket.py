"""What only a bucket does: its address, its names, and doing without a listing."""

import logging

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import LISTING, BucketServer, busy
from every_eval_tests.storage.conftest import CONTENT, HASTY, NAME, PACKED


@pytest.mark.parametrize("url", ["crfm-helm-public", "ftp://host/bucket", "https://", "gs://bucket", "https://h/b?x=1"])
def test_an_address_that_is_none_of_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of a bucket"):
        BucketStorage(url)
    with pytest.raises(ConfigurationError, match="no address of a bucket"):
        BucketStorage("https://host/bucket", url)


def test_names_are_percent_encoded_in_the_request_and_come_out_as_they_are(
    server: BucketServer, bucket: BucketStorage
) -> None:
    assert bucket.read(NAME) == CONTENT
    assert [r.name for r in server.requests] == [NAME]


def test_a_storage_that_cannot_list_says_so_and_reads_all_the_same(server: BucketServer, bucket: BucketStorage) -> None:
    server.spoil(LISTING, busy(403), times=2)
    assert not bucket.can_list
    assert not bucket.can_list
    with pytest.raises(ConfigurationError, match="no listing"):
        list(bucket.list(""))
    assert bucket.read(NAME) == CONTENT


def test_whether_it_can_list_is_not_concluded_from_a_server_that_is_down(
    server: BucketServer, bucket: BucketStorage
) -> None:
    server.spoil(LISTING, busy(503), times=HASTY.attempts)
    with pytest.raises(UpstreamUnavailable, match="503"):
        assert bucket.can_list
    assert bucket.can_list


def test_an_object_whose_name_is_no_files_is_left_out_with_a_warning(
    server: BucketServer, bucket: BucketStorage, caplog: pytest.LogCaptureFixture
) -> None:
    server.objects |= {"lite//stats.json": b"", "lite/empty/": b""}
    with caplog.at_level(logging.WARNING):
        assert [o.name for o in bucket.list("lite/")] == [NAME, PACKED]
    assert [record.args for record in caplog.records] == [(server.root_url, "lite//stats.json")]
    assert "lite" in bucket.list_folders("")


def test_what_is_stored_as_gzip_is_checked_as_stored_and_read_as_it_was(
    server: BucketServer, bucket: BucketStorage
) -> None:
    (listed,) = (o for o in bucket.list("lite/") if o.name == PACKED)
    assert listed.md5 is None
    assert listed.size == len(server.stored(PACKED))
    assert bucket.read(listed.name, listed.witness) == CONTENT
    assert [r.headers["Accept-Encoding"] for r in server.requests[1:]] == ["gzip"]
    assert bucket.read(listed.name) == CONTENT
    assert [r.headers["Accept-Encoding"] for r in server.requests[2:]] == ["identity", "gzip"]
