"""What the listing and the headers state of an object."""

import pytest
from requests.structures import CaseInsensitiveDict

from every_eval.network.version import Version, version_of_headers, version_of_witness


def test_the_headers_of_a_bucket_and_of_a_web_server_give_a_version() -> None:
    md5 = "1B2M2Y8AsgTpgAmY7PhCfg=="  # of no bytes, d41d8cd98f00b204e9800998ecf8427e
    bucket = {"X-Goog-Hash": f"crc32c=AAAAAA==,md5={md5}", "X-Goog-Generation": "17", "ETag": '"d41d"',
              "X-Goog-Stored-Content-Length": "0", "X-Goog-Stored-Content-Encoding": "identity"}  # fmt: skip
    assert version_of_headers(CaseInsensitiveDict(bucket)) == Version(17, "d41d8cd98f00b204e9800998ecf8427e", 0)
    mirror = {"etag": '"x"', "last-modified": "Mon", "content-length": "5", "content-encoding": "gzip"}
    expected = Version(size=5, encoding="gzip", etag='"x"', last_modified="Mon")
    assert version_of_headers(CaseInsensitiveDict(mirror)) == expected


def test_an_answer_with_a_part_gives_the_size_of_the_whole_object() -> None:
    assert version_of_headers({"Content-Range": "bytes 5-9/10", "Content-Length": "5"}).size == 10
    assert version_of_headers({"Content-Range": "bytes 5-9/*", "Content-Length": "5"}).size is None
    assert version_of_headers({}) == Version()


def test_a_composed_object_has_no_md5() -> None:
    assert version_of_headers({"x-goog-hash": "crc32c=AAAAAA=="}).md5 is None


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (Version(), False),
        (Version(17, "a", 1), False),
        (Version(17, encoding="gzip"), False),
        (Version(18, "a"), True),
        (Version(md5="b"), True),
        (Version(size=2, etag="e"), True),
        (Version(etag="e"), False),
    ],
)
def test_versions_differ_if_both_state_a_mark_and_its_values_differ(other: Version, differs: bool) -> None:
    version = Version(17, "a", 1)
    assert version.differs_from(other) is other.differs_from(version) is differs


@pytest.mark.parametrize(
    "version", [Version(), Version(17, "a", 1, "gzip"), Version(etag='W/"é;="', last_modified="x")]
)
def test_a_version_can_be_read_from_its_witness(version: Version) -> None:
    assert version_of_witness(version.witness) == version


def test_a_weak_etag_is_no_precondition() -> None:
    assert Version(etag='"x"').precondition == {"If-Match": '"x"'}
    assert Version(etag='W/"x"').precondition == {}
    assert Version(17, etag='"x"').precondition == {"x-goog-if-generation-match": "17"}
