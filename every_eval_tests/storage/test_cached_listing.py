"""One listing of a folder answers everything that is looked up in the folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.retries import MAX_ATTEMPTS
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.cached_listing import CachedListing
from every_eval.storage.folder import FolderStorage
from every_eval_tests.storage.bucket_server import LISTING, BucketServer, busy
from every_eval_tests.storage.conftest import HASTY

NAMES = ["b/a-b/x", "b/a.json", "b/a/x", "b/a/y", "b/c/d/x", "b/c/d/z", "b/e", "c/x"]


@pytest.fixture
def server() -> Iterator[BucketServer]:
    with BucketServer({name: name.encode() for name in NAMES}) as server:
        yield server


def _listed(server: BucketServer, *prefixes: str) -> CachedListing:
    return CachedListing(BucketStorage(server.root_url, limits=HASTY), prefixes, lambda name: not name.endswith("z"))


def test_one_request_answers_all_that_the_storage_itself_would_answer(server: BucketServer) -> None:
    listed, storage = _listed(server, "b/"), BucketStorage(server.root_url)
    names = [name for name in NAMES if not name.endswith("z")]
    folders = ("b/", "b/a/", "b/c/", "b/c/d/", "b/none/")

    assert listed.can_list
    found = {prefix: (list(listed.list(prefix)), list(listed.list_folders(prefix))) for prefix in folders}
    stated = [listed.stat(name) for name in (*names[:-1], "b/none")]
    assert [request.name for request in server.requests] == [LISTING]

    assert stated == [storage.stat(name) for name in (*names[:-1], "b/none")]
    for prefix, (items, below) in found.items():
        assert items == [item for item in storage.list(prefix) if not item.name.endswith("z")]
        assert below == list(storage.list_folders(prefix))


def test_each_folder_is_listed_when_it_is_first_needed(server: BucketServer) -> None:
    listed = _listed(server, "b/", "c/")
    assert listed.can_list
    assert [request.query["prefix"] for request in server.requests] == ["b/"]
    assert [item.name for item in listed.list("c/")] == ["c/x"]
    assert [request.query["prefix"] for request in server.requests] == ["b/", "c/"]


def test_an_object_is_read_only_as_it_was_listed(server: BucketServer) -> None:
    listed = _listed(server, "b/")
    assert listed.read("b/e") == b"b/e"
    with listed.open("c/x") as file:  # outside
        assert file.read() == b"c/x"
    server.put("b/e", b"else")
    with pytest.raises(UpstreamUnavailable, match="changed"):
        listed.read("b/e")
    with pytest.raises(UpstreamUnavailable, match="changed"):
        listed.open("b/e")


def test_an_object_that_was_not_listed_is_not_requested(server: BucketServer) -> None:
    listed = _listed(server, "b/")
    assert listed.can_list
    for read in (listed.read, listed.open):
        with pytest.raises(FileNotFoundError, match="b/none"):
            read("b/none")
    assert len(server.requests) == 1


def test_an_object_stored_as_gzip_costs_one_request(server: BucketServer) -> None:
    server.encoded = frozenset(NAMES)
    assert _listed(server, "b/").read("b/e") == b"b/e"
    assert [request.name for request in server.requests] == [LISTING, "b/e"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_denied_listing_is_requested_once_and_then_each_object_by_its_name(server: BucketServer, status: int) -> None:
    server.spoil(LISTING, busy(status), times=99)
    listed = _listed(server, "b/")
    assert not listed.can_list
    assert not listed.can_list
    item = listed.stat("b/e")
    assert item is not None and item.size == 3
    assert [request.method for request in server.requests] == ["GET", "HEAD"]


def test_a_missing_folder_is_not_taken_for_a_storage_without_a_listing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a folder"):
        assert CachedListing(FolderStorage(tmp_path / "none"), ["b/"], bool).can_list


def test_a_listing_that_breaks_off_is_not_taken_for_a_missing_listing(server: BucketServer) -> None:
    server.page_objects = 2
    listed = _listed(server, "b/")
    server.spoil(LISTING, lambda _: None)
    server.spoil(LISTING, busy(503), times=MAX_ATTEMPTS)
    with pytest.raises(UpstreamUnavailable, match="503"):
        assert listed.can_list
    assert listed.can_list
