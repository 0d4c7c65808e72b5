"""What only buckets read through fsspec do, tried on fsspec's own store in memory."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from fsspec.registry import known_implementations

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.content import MEMORY_BYTES
from every_eval.storage.object_store import ObjectStoreStorage


@pytest.fixture
def bucket() -> str:
    return f"memory://bucket-{uuid4().hex}"


def _put(bucket: str, name: str, content: bytes) -> None:
    fsspec.filesystem("memory").pipe_file(f"{bucket}/{name}", content)


def test_a_large_object_is_read_from_the_disk(bucket: str) -> None:
    content = bytes(MEMORY_BYTES + 1)
    _put(bucket, "stats.json", content)
    with ObjectStoreStorage(bucket).open("stats.json") as file:
        assert file.fileno() > 0
        assert file.read() == content


def test_an_object_that_changes_is_not_read_by_its_old_witness(bucket: str) -> None:
    _put(bucket, "stats.json", b"[1]")
    storage = ObjectStoreStorage(bucket)
    (listed,) = storage.list("")
    _put(bucket, "stats.json", b"[1, 2]")
    with pytest.raises(UpstreamUnavailable, match=r"stats\.json has changed"):
        storage.open("stats.json", listed.witness)


def test_names_that_no_file_can_have_are_skipped(bucket: str) -> None:
    _put(bucket, "a/./stats.json", b"[]")
    _put(bucket, "a/stats.json", b"[]")
    storage = ObjectStoreStorage(bucket)
    assert [item.name for item in storage.list("")] == ["a/stats.json"]
    assert [entry.name for entry in storage.skipped("")] == ["a/./stats.json"]


@pytest.mark.parametrize(
    ("error", "expected", "said"),
    [
        (PermissionError("AccessDenied"), ConfigurationError, "Check the credentials"),
        (
            OSError("SlowDown at https://host/?X-Amz-Signature=0123456789abcdef"),
            UpstreamUnavailable,
            "OSError: SlowDown",
        ),
        (FileNotFoundError("x"), UpstreamUnavailable, "has gone"),
    ],
)
def test_errors_of_the_store_are_errors_of_ours_without_secrets(
    bucket: str, monkeypatch: pytest.MonkeyPatch, error: OSError, expected: type[Exception], said: str
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise error

    _put(bucket, "stats.json", b"[]")
    storage = ObjectStoreStorage(bucket)
    monkeypatch.setattr(type(storage._files), "cat_file", fail)
    with pytest.raises(expected, match=said) as raised:
        storage.read("stats.json")
    assert "0123456789abcdef" not in str(raised.value)


@pytest.mark.parametrize("address", ["s3://", "s3://bucket?key=secret1", "s3://key:secret1@bucket", "s3://bucket//a"])
def test_an_address_without_a_bucket_or_with_credentials_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="s3://bucket/folder") as raised:
        ObjectStoreStorage(address)
    assert "secret1" not in str(raised.value)


def test_a_package_that_is_missing_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(known_implementations, "gs", {"class": "absent.Absent", "err": "install gcsfs"})
    with pytest.raises(ConfigurationError, match=r"pip install 'every_eval\[gcs\]'"):
        list(ObjectStoreStorage("gs://bucket").list(""))


@pytest.mark.parametrize(
    ("info", "witness", "md5"),
    [
        ({"ETag": '"abc"', "LastModified": datetime(2026, 1, 1, tzinfo=UTC)}, "size=2;etag=abc", None),
        ({"generation": "17", "etag": "CJ", "md5Hash": "11FxOYiYfpMxmANj4kGJzg=="}, "size=2;generation=17", "d7517139"),
        (
            {"generation": "17", "md5Hash": "11FxOYiYfpMxmANj4kGJzg==", "contentEncoding": "gzip"},
            "size=2;generation=17",
            None,
        ),
        ({"created": datetime.fromtimestamp(5, UTC)}, "size=2;created=5.0", None),
    ],
)
def test_the_best_version_that_the_store_states_is_the_witness(
    bucket: str, monkeypatch: pytest.MonkeyPatch, info: dict[str, Any], witness: str, md5: str | None
) -> None:
    storage = ObjectStoreStorage(bucket)
    stated = {"name": "stats.json", "size": 2, "type": "file", **info}
    monkeypatch.setattr(type(storage._files), "info", lambda *_: stated)
    stored = storage.stat("stats.json")
    assert stored is not None and stored.witness == witness
    assert (stored.md5 or "")[:8] == (md5 or "")
