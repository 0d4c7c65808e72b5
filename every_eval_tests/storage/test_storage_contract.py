"""What every kind of storage promises, tested on each kind with the same objects."""

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import fsspec
import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.storage.archive import ArchiveStorage
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.hugging_face import HuggingFaceStorage
from every_eval.storage.object_store import ObjectStoreStorage
from every_eval.storage.storage import Storage
from every_eval_tests.hub.hub_server import TOKEN
from every_eval_tests.storage.bucket_server import BucketServer
from every_eval_tests.storage.hub_repos import REPO, hub_of

RUNS = "lite/benchmark_output/runs/v1.0.0/"
ODD = f"{RUNS}mmlu:subject=a b,method=c,model=google_text-unicorn@001,p=100%25/stats.json"
TREE = {
    "config/project_metadata.json": b"[]",
    f"{RUNS}gsm:model=a/stats.json": b"[1]",
    f"{RUNS}gsm:model=a/run_spec.json": b"{}",
    f"{RUNS}gsm:model=a-b/stats.json": b"[2]",
    f"{RUNS}gsm:model=a.json": b"",
    ODD: "é".encode() * 70_000,
    "lite/benchmark_output/releases/v1.0.0/summary.json": b'{"suites": []}',
    "lite/benchmark_output/releases/v1.0.0.bak": b"x",
}


@contextmanager
def folder_of(tree: dict[str, bytes], root: Path) -> Iterator[Storage]:
    """Yield a folder with the objects as files."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    yield FolderStorage(root)


@contextmanager
def archive_of(tree: dict[str, bytes], root: Path) -> Iterator[Storage]:
    """Yield a zip archive that holds the objects out of order."""
    with ZipFile(root / "tree.zip", "w") as archive:
        for name in sorted(tree, reverse=True):
            archive.writestr(name, tree[name])
    yield ArchiveStorage(root / "tree.zip")


@contextmanager
def bucket_of(tree: dict[str, bytes], _: Path) -> Iterator[Storage]:
    """Yield a bucket with two objects a page, a marker of an empty folder, and one object stored as gzip."""
    objects = tree | {"lite/empty/": b""}
    with BucketServer(objects, encoded=frozenset({ODD}), page_objects=2) as server:
        yield BucketStorage(server.root_url)


@contextmanager
def folder_in_bucket_of(tree: dict[str, bytes], _: Path) -> Iterator[Storage]:
    """Yield one folder of a bucket that has other folders too."""
    objects = {f"a mirror/{name}": content for name, content in tree.items()}
    with BucketServer(objects | {"a mirror": b"", "another/stats.json": b""}) as server:
        yield BucketStorage(f"{server.root_url}/a mirror/")


@contextmanager
def mirror_with_listing_elsewhere_of(tree: dict[str, bytes], _: Path) -> Iterator[Storage]:
    """Yield a plain web server whose listing is on another server."""
    with BucketServer(dict(tree), is_plain=True) as mirror, BucketServer(dict(tree)) as listing:
        yield BucketStorage(mirror.root_url, listing.listing_url)


@contextmanager
def mirror_of(tree: dict[str, bytes], _: Path) -> Iterator[Storage]:
    """Yield a plain web server, which has no listing."""
    with BucketServer(dict(tree), is_plain=True) as server:
        yield BucketStorage(server.root_url)


@contextmanager
def repo_of(tree: dict[str, bytes], _: Path) -> Iterator[Storage]:
    """Yield a dataset repo on the Hugging Face Hub, with a large file on another host."""
    with hub_of(tree) as server:
        yield HuggingFaceStorage(f"hf://datasets/{REPO}", None, server.url)


@contextmanager
def folder_in_repo_of(tree: dict[str, bytes], _: Path) -> Iterator[Storage]:
    """Yield a folder in a private dataset repo that has other folders too."""
    with hub_of({f"results/a b/{name}": content for name, content in tree.items()} | {"other.json": b""}) as server:
        server.private.add(REPO)
        yield HuggingFaceStorage(f"hf://datasets/{REPO}/results/a b@main", TOKEN, server.url)


@contextmanager
def object_store_of(tree: dict[str, bytes], _: Path) -> Iterator[Storage]:
    """Yield a folder in a bucket of fsspec's own store in memory, beside another folder."""
    memory = fsspec.filesystem("memory")
    bucket = f"memory://bucket-{uuid4().hex}"
    try:
        for name, content in tree.items():
            memory.pipe_file(f"{bucket}/a/results/{name}", content)
        memory.pipe_file(f"{bucket}/a/results-2/other.json", b"")
        yield ObjectStoreStorage(f"{bucket}/a/results")
    finally:
        memory.rm(bucket, recursive=True)


WITNESSING = [folder_of, archive_of, bucket_of, folder_in_bucket_of, repo_of, folder_in_repo_of, object_store_of]
LISTED = [*WITNESSING, mirror_with_listing_elsewhere_of]


@pytest.fixture(params=LISTED)
def listed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Yield a storage of each kind that can list."""
    with request.param(TREE, tmp_path) as storage:
        yield storage


@pytest.fixture(params=[*LISTED, mirror_of])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Yield a storage of each kind."""
    with request.param(TREE, tmp_path) as storage:
        yield storage


def test_a_storage_says_whether_it_can_list(listed: Storage) -> None:
    assert listed.can_list


@pytest.mark.parametrize("prefix", ["", "lite/", RUNS, f"{RUNS}gsm:model=a/"])
def test_a_listing_holds_every_object_under_the_prefix_sorted_by_its_whole_name(listed: Storage, prefix: str) -> None:
    names = [o.name for o in listed.list(prefix)]
    assert names == sorted(name for name in TREE if name.startswith(prefix))


def test_sizes_and_digests_that_are_listed_are_those_of_the_content(listed: Storage) -> None:
    for o in listed.list(""):
        if o.name != ODD:  # which the bucket holds as gzip
            assert o.size == len(TREE[o.name])
        assert o.md5 in (None, md5(TREE[o.name], usedforsecurity=False).hexdigest())


@pytest.mark.parametrize("listed", WITNESSING, indirect=True)
def test_a_witness_is_the_same_in_every_listing_and_by_stat(listed: Storage) -> None:
    objects = list(listed.list(""))
    assert objects == list(listed.list(""))
    assert objects == [listed.stat(o.name) for o in objects]


@pytest.mark.parametrize(
    ("prefix", "folders"),
    [
        ("", ["config", "lite"]),
        ("lite/benchmark_output/", ["releases", "runs"]),
        ("lite/benchmark_output/releases/", ["v1.0.0"]),
        (RUNS, ["gsm:model=a", "gsm:model=a-b", ODD.split("/")[-2]]),
        (f"{RUNS}gsm:model=a/", []),
    ],
)
def test_folders_are_those_directly_below(listed: Storage, prefix: str, folders: list[str]) -> None:
    assert list(listed.list_folders(prefix)) == folders


@pytest.mark.parametrize("prefix", ["nothing/", "lite/bench/", "config/project_metadata.json/"])
def test_a_folder_that_is_not_there_lists_nothing(listed: Storage, prefix: str) -> None:
    assert list(listed.list(prefix)) == []
    assert list(listed.list_folders(prefix)) == []


@pytest.mark.parametrize("prefix", ["lite", "../", "/", "lite//", "lite/./"])
def test_a_prefix_that_names_no_folder_is_refused(listed: Storage, prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the name of a folder"):
        list(listed.list(prefix))
    with pytest.raises(ConfigurationError, match="is not the name of a folder"):
        listed.list_folders(prefix)


def test_listed_objects_can_be_read(listed: Storage) -> None:
    assert {o.name: listed.read(o.name, o.witness) for o in listed.list("")} == TREE


def test_content_can_be_read_as_bytes_as_a_file_and_by_many_threads(storage: Storage) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert dict(zip(TREE, pool.map(storage.read, TREE), strict=True)) == TREE
    for name, content in TREE.items():
        stored = storage.stat(name)
        assert stored is not None
        with storage.open(name, stored.witness) as file:
            assert file.read() == content


def test_size_and_md5_are_computed_where_the_storage_does_not_state_them(storage: Storage) -> None:
    for name, content in TREE.items():
        stored = storage.stat(name)
        assert stored is not None
        found = storage.open_digested(name, stored.witness)
        with found.file as file:
            assert file.read() == content
        assert (found.size, found.md5) == (len(content), md5(content, usedforsecurity=False).hexdigest())


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (3, 70_001), (139_999, 140_000), (0, 140_000), (5, 5), (7, 2)])
def test_a_range_of_bytes_is_that_part_of_the_content(storage: Storage, start: int, stop: int) -> None:
    stored = storage.stat(ODD)
    assert stored is not None
    assert storage.read_range(ODD, start, stop) == TREE[ODD][start:stop]
    assert storage.read_range(ODD, start, stop, stored.witness) == TREE[ODD][start:stop]


def test_a_range_ends_where_the_object_ends(storage: Storage) -> None:
    for name in (ODD, f"{RUNS}gsm:model=a/stats.json", f"{RUNS}gsm:model=a.json"):
        size = len(TREE[name])
        assert storage.read_range(name, max(size - 2, 0), size + 10) == TREE[name][-2:]
        assert storage.read_range(name, size, size + 10) == b""
        assert storage.read_range(name, size + 5, size + 10) == b""


def test_nothing_is_skipped_where_every_name_is_good(listed: Storage) -> None:
    assert list(listed.skipped("")) == []


@pytest.mark.parametrize(
    "name",
    ["nothing.json", "lite", "lite/", "", "config/project_metadata.json/x", "../tree.zip", "/etc/hostname",
     "config/../config/project_metadata.json", "config//project_metadata.json", "config\\project_metadata.json"],
)  # fmt: skip
def test_a_name_without_an_object_is_not_found(storage: Storage, name: str) -> None:
    assert storage.stat(name) is None
    with pytest.raises(FileNotFoundError):
        storage.read(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)
    with pytest.raises(FileNotFoundError):
        storage.read_range(name, 0, 1)


def test_an_object_that_changed_or_vanished_since_its_witness_is_not_read(storage: Storage) -> None:
    other = storage.stat(f"{RUNS}gsm:model=a/stats.json")
    assert other is not None
    for name in ("run_spec", "gone"):
        with pytest.raises(UpstreamUnavailable, match=name):
            storage.read(f"{RUNS}gsm:model=a/{name}.json", other.witness)
        with pytest.raises(UpstreamUnavailable, match=name):
            storage.open(f"{RUNS}gsm:model=a/{name}.json", other.witness)
        with pytest.raises(UpstreamUnavailable, match=name):
            storage.open_digested(f"{RUNS}gsm:model=a/{name}.json", other.witness)
        with pytest.raises(UpstreamUnavailable, match=name):
            storage.read_range(f"{RUNS}gsm:model=a/{name}.json", 0, 1, other.witness)


def test_a_storage_can_be_sent_to_another_process_after_use(storage: Storage) -> None:
    storage.read(ODD)
    sent = pickle.loads(pickle.dumps(storage))
    assert sent.read(ODD) == TREE[ODD]
    assert sent.location == storage.location
