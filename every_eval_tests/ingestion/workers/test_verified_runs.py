from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import md5
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.ingestion.workers.read_ahead import OnDemand
from every_eval.ingestion.workers.verified_runs import read_run
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Input, Run, RunRows
from every_eval.storage.folder import FolderStorage
from every_eval_tests.ingestion.upstream import WatchedStorage

CONTENTS = {"a.json": b"aaa", "b.json": b"bbbbb", "c.json": b"c", "known.json": b"known"}


class Opening(HelmSource):
    """A source that opens the given inputs and keeps them open."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.opened: list[IO[bytes]] = []
        self.runs: list[Run] = []

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        for name in self.names:
            self.opened.append(open_file(name))
            yield RunRows()
        self.runs.append(run)


@pytest.fixture
def storage(tmp_path: Path) -> WatchedStorage:
    (tmp_path / "r").mkdir()
    for name, raw in CONTENTS.items():
        (tmp_path / "r" / name).write_bytes(raw)
    return WatchedStorage(FolderStorage(tmp_path))


@pytest.fixture
def run(storage: WatchedStorage) -> Run:
    """A run in which one input has an MD5, and the others have neither an MD5 nor a size."""
    items = {item.name.removeprefix("r/"): item for item in storage.list("")}
    inputs = [Input(name, None, item.witness) for name, item in items.items()]
    inputs[-1] = replace(inputs[-1], size=5, md5=_md5(b"known"))
    return Run("helm", "lite", "v1", "r", "r", tuple(inputs))


def _md5(raw: bytes) -> str:
    return md5(raw, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("names", [(), ("c.json", "known.json"), tuple(CONTENTS)])
def test_every_input_is_read_once_and_has_its_md5_whether_or_not_the_reader_opens_it(
    storage: WatchedStorage, run: Run, names: tuple[str, ...]
) -> None:
    source = Opening(*names)
    with read_run(source, OnDemand(storage), run) as (verified, pieces):
        list(pieces)
        assert [file.read() for file in source.opened] == [CONTENTS[name] for name in names]

    assert source.runs == [verified]
    assert {item.name: (item.size, item.md5) for item in verified.inputs} == {
        name: (len(raw), _md5(raw)) for name, raw in CONTENTS.items()
    }
    assert replace(verified, inputs=()) == replace(run, inputs=())
    asked_for = {"a.json", "b.json", "c.json", *names}
    assert sorted(storage.read_names) == sorted(f"r/{name}" for name in asked_for)


def test_an_input_that_is_opened_again_must_be_unchanged(storage: WatchedStorage, run: Run, tmp_path: Path) -> None:
    source = Opening("a.json", "a.json", "a.json")
    with read_run(source, OnDemand(storage), run) as (_, pieces):
        next(pieces)
        next(pieces)
        assert [file.read() for file in source.opened] == [b"aaa", b"aaa"]
        (tmp_path / "r" / "a.json").write_bytes(b"AAA")
        with pytest.raises(UpstreamUnavailable, match=r"a\.json is not what was listed"):
            next(pieces)


def test_what_does_not_fit_in_memory_is_held_on_disk_and_nothing_is_left_open(
    storage: WatchedStorage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("every_eval.ingestion.workers.verified_runs.HELD_BYTES", 4)
    monkeypatch.setattr("every_eval.network.content.MEMORY_BYTES", 4)
    source = Opening("a.json", "b.json", "c.json")
    with read_run(source, OnDemand(storage), run) as (_, pieces):
        list(pieces)
        # 3 and 1 bytes in memory; the 5 bytes between them are too large for it, and stay in their file.
        assert [isinstance(file, BytesIO) for file in source.opened] == [True, False, True]
        assert source.opened[1].name == str(storage.location) + "/r/b.json"
    assert [file.closed for file in source.opened] == [True] * 3

    monkeypatch.setattr("every_eval.network.content.MEMORY_BYTES", 5)
    source = Opening("a.json", "b.json", "c.json")
    with read_run(source, OnDemand(storage), run) as (_, pieces):
        list(pieces)
        assert [isinstance(file, BytesIO) for file in source.opened] == [True, False, False]
        assert [file.read() for file in source.opened] == [b"aaa", b"bbbbb", b"c"]
    assert [file.closed for file in source.opened] == [True] * 3


def test_an_input_that_is_another_one_ends_it_before_anything_is_read(
    storage: WatchedStorage, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "r" / "c.json").write_bytes(b"changed")
    source = Opening("a.json")
    with pytest.raises(UpstreamUnavailable, match=r"c\.json"), read_run(source, OnDemand(storage), run):
        pass
    assert source.opened == []
