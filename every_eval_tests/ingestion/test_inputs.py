"""Inputs are opened only as they were listed, from every kind of storage."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZipFile

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.ingestion.inputs import open_input
from every_eval.sources.source import Input, Run
from every_eval.storage.archive import ArchiveStorage
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage
from every_eval_tests.storage.bucket_server import BucketServer
from every_eval_tests.storage.conftest import HASTY

CONTENT = Random(2).randbytes(5000)
NAME = "runs/r/a.json"
DIGEST = md5(CONTENT, usedforsecurity=False).hexdigest()
RUN = Run("helm", "lite", "v1", "r", "runs/r", (Input("a.json", len(CONTENT), "by another storage", DIGEST),))

LACKING = replace(RUN, inputs=(Input("a.json", None, "{}"),))
"""The same run without stated sizes and MD5s; the witness is that of a bucket that states nothing."""


def _folder(path: Path, content: bytes) -> Storage:
    (path / NAME).parent.mkdir(parents=True, exist_ok=True)
    (path / NAME).write_bytes(content)
    return FolderStorage(path)


def _archive(path: Path, content: bytes) -> Storage:
    with ZipFile(path / "tree.zip", "w") as archive:
        archive.writestr(NAME, content)
    return ArchiveStorage(path / "tree.zip")


@pytest.fixture(params=["folder", "archive", "bucket", "gzip", "mirror"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Return a function that makes a storage with one file."""
    if request.param in ("folder", "archive"):
        yield lambda content: {"folder": _folder, "archive": _archive}[request.param](tmp_path, content)
        return
    encoded = frozenset({NAME} if request.param == "gzip" else ())
    with BucketServer({}, encoded, is_plain=request.param == "mirror") as server:

        def bucket(content: bytes) -> Storage:
            server.put(NAME, content)
            return BucketStorage(server.root_url, limits=HASTY)

        yield bucket


@pytest.mark.parametrize("memory_bytes", [5000, 5001], ids=["larger than memory", "in memory"])
def test_content_of_the_listed_md5_is_given_from_its_beginning(
    make: Any, monkeypatch: pytest.MonkeyPatch, memory_bytes: int
) -> None:
    monkeypatch.setattr("every_eval.network.content.MEMORY_BYTES", memory_bytes)
    with open_input(make(CONTENT), RUN, "a.json")[0] as file:
        assert file.read(10) + file.read() == CONTENT


@pytest.mark.parametrize("memory_bytes", [5000, 5001], ids=["larger than memory", "in memory"])
def test_content_with_another_md5_is_an_error(make: Any, monkeypatch: pytest.MonkeyPatch, memory_bytes: int) -> None:
    monkeypatch.setattr("every_eval.network.content.MEMORY_BYTES", memory_bytes)
    with pytest.raises(UpstreamUnavailable, match=r"runs/r/a\.json"):
        open_input(make(bytes(reversed(CONTENT))), RUN, "a.json")


def test_a_missing_input_is_an_error(make: Any) -> None:
    with pytest.raises(UpstreamUnavailable, match=r"gone\.json"):
        open_input(make(CONTENT), replace(RUN, inputs=(replace(RUN.inputs[0], name="gone.json"),)), "gone.json")


def test_a_bucket_hashes_what_it_receives_and_nobody_hashes_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []

    class Counting:
        def __init__(self, **_: Any) -> None:
            self._inner = md5(usedforsecurity=False)

        def update(self, raw: bytes) -> None:
            hashed.append(len(raw))
            self._inner.update(raw)

        def hexdigest(self) -> str:
            return self._inner.hexdigest()

    with BucketServer({NAME: CONTENT}) as server:
        storage = BucketStorage(server.root_url, limits=HASTY)
        storage.stat(NAME)  # from now on the server knows the MD5 that it states
        monkeypatch.setattr("hashlib.md5", Counting)
        for run in (RUN, LACKING):
            opened, item = open_input(storage, run, "a.json")
            with opened as file:
                assert (file.read(), item.size, item.md5) == (CONTENT, len(CONTENT), DIGEST)
    assert sum(hashed) == 2 * len(CONTENT)


def test_what_a_bucket_stores_as_gzip_is_asked_for_once_where_the_witness_says_so() -> None:
    with BucketServer({NAME: CONTENT}, frozenset({NAME})) as server:
        storage = BucketStorage(server.root_url, limits=HASTY)
        [listed] = storage.list("")
        run = replace(RUN, inputs=(Input("a.json", len(CONTENT), listed.witness, DIGEST),))
        server.requests.clear()
        with open_input(storage, run, "a.json")[0] as file:
            assert file.read() == CONTENT
        assert len(server.requests) == 1
