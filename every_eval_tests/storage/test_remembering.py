"""A file that an earlier job has read is fetched again only if it has changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from every_eval.storage.bucket import BucketStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.remembering import RememberingStorage
from every_eval.storage.storage import Storage
from every_eval_tests.storage.bucket_server import BucketServer
from every_eval_tests.storage.conftest import HASTY

NAME = "lite/summary.json"


@pytest.fixture(params=["bucket", "plain server", "gzip"])
def objects(request: pytest.FixtureRequest) -> Iterator[BucketServer]:
    """A server of one object; a plain web server has no listing and states an ETag alone."""
    encoded = frozenset({NAME} if request.param == "gzip" else ())
    with BucketServer({NAME: b"one"}, encoded) as server:
        server.is_plain = request.param == "plain server"
        yield server


def remembering(storage: Storage, before: RememberingStorage | None = None) -> RememberingStorage:
    """Return the storage as the next job has it."""
    if before is None:
        return RememberingStorage(storage, {}, lambda _: b"")
    contents = {name: raw for name, (_, raw) in before.fetched.items()}
    return RememberingStorage(storage, {name: pair[0] for name, pair in before.fetched.items()}, contents.__getitem__)


def test_an_unchanged_file_is_not_sent_again(objects: BucketServer) -> None:
    first = remembering(BucketStorage(objects.root_url, limits=HASTY))
    assert first.read(NAME) == b"one"
    again = remembering(BucketStorage(objects.root_url, limits=HASTY), first)
    objects.requests.clear()
    objects.statuses.clear()
    assert again.read(NAME) == b"one"
    assert ([request.method for request in objects.requests], dict(objects.statuses)) == (["GET"], {304: 1})
    assert (set(again.kept), again.fetched) == ({NAME}, {})


def test_a_changed_file_costs_one_request(objects: BucketServer) -> None:
    first = remembering(BucketStorage(objects.root_url, limits=HASTY))
    first.read(NAME)
    objects.put(NAME, b"two")
    again = remembering(BucketStorage(objects.root_url, limits=HASTY), first)
    objects.requests.clear()
    assert again.read(NAME) == b"two"
    assert len(objects.requests) == 1
    assert again.fetched[NAME][1] == b"two"


def test_a_file_that_is_gone_is_gone(objects: BucketServer) -> None:
    first = remembering(BucketStorage(objects.root_url, limits=HASTY))
    first.read(NAME)
    del objects.objects[NAME]
    with pytest.raises(FileNotFoundError):
        remembering(BucketStorage(objects.root_url, limits=HASTY), first).read(NAME)


def test_storages_without_conditional_requests_ask_for_the_witness(tmp_path: Path) -> None:
    (tmp_path / "lite").mkdir()
    (tmp_path / NAME).write_bytes(b"one")
    storage = FolderStorage(tmp_path)
    first = remembering(storage)
    assert first.read(NAME) == b"one"
    assert remembering(storage, first).read(NAME) == b"one"
    (tmp_path / NAME).write_bytes(b"three")
    assert remembering(storage, first).read(NAME) == b"three"
    with pytest.raises(FileNotFoundError):
        first.read("lite/other.json")
