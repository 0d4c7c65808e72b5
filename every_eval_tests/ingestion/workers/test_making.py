import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from every_eval.contracts.catalog import State
from every_eval.errors import TransientError, UpstreamUnavailable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.planning import Shard, Status
from every_eval.ingestion.shard_files import ShardFiles, ShardMaker
from every_eval.ingestion.workers.making import making
from every_eval.ingestion.workers.read_ahead import InTurn
from every_eval.ingestion.workers.reading import PROCESS_BYTES, Reading, ReadingHere, ReadingTogether, reading
from every_eval.network.content import md5_of
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Source
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON, REPO
from every_eval_tests.ingestion.dying import Dying
from every_eval_tests.ingestion.upstream import WatchedStorage

STORAGE = ArchiveStorage(HELM_SAMPLE)

Files = dict[str, dict[str, bytes]]
"""Contents by shard and table."""


def _shards(n_shards: int) -> list[Shard]:
    """Shards of three runs each of the bundled sample."""
    entries = []
    for run in HelmSource().discover(STORAGE, "lite").runs[: 3 * n_shards]:
        inputs = [replace(item, md5=md5_of(STORAGE.read(f"{run.folder}/{item.name}"))) for item in run.inputs]
        entries.append(Entry(replace(run, inputs=tuple(inputs)), "of no matter"))
    keys = [f"helm_lite_part_{number:05}" for number in range(n_shards)]
    return [
        Shard(key, "helm_lite", "0" * 12, Status.NEW, tuple(entries[3 * number : 3 * number + 3]))
        for number, key in enumerate(keys)
    ]


@pytest.fixture
def maker(tmp_path: Path) -> ShardMaker:
    head = FolderHub(tmp_path / "hub", lambda: NOON).snapshot(REPO)
    return ShardMaker(ReadingHere(HelmSource(), InTurn(STORAGE)), head, tmp_path, lambda _: None)


@pytest.fixture
def together(request: pytest.FixtureRequest) -> Iterator[Reading]:
    source, n_processes = request.param
    with ReadingTogether(source, STORAGE, n_processes) as several:
        yield several


def _files(maker: ShardMaker, shards: Sequence[Shard]) -> Files:
    made = {shard.key: make() for shard, make in making(maker, shards)}
    return {key: {name: path.read_bytes() for name, path in files.paths.items()} for key, files in made.items()}


def _of(source: Source, *numbers: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("together", [(source, number) for number in numbers], indirect=True)


@_of(HelmSource(), 2, 3)
@pytest.mark.parametrize("n_shards", [1, 2, 5])
def test_shards_have_the_same_bytes_whoever_makes_them(maker: ShardMaker, together: Reading, n_shards: int) -> None:
    shards = _shards(n_shards)

    files = _files(replace(maker, reading=together), shards)
    assert files == _files(maker, shards)
    assert all(len(tables) == 3 for tables in files.values()) and len(files) == n_shards


def test_what_there_was_to_report_elsewhere_is_reported_here(maker: ShardMaker) -> None:
    shards, lines = _shards(2), list[str]()
    elsewhere = ShardFiles(shards[1])
    worker = SimpleNamespace(waiting=[], send=lambda: None, receive=lambda: (elsewhere, ["half of it is done"]))
    several = SimpleNamespace(n_processes=2, workers=lambda: [worker], alone=lambda: maker.reading)
    _, (shard, make) = making(replace(maker, reading=several, report=lines.append), shards)

    assert make() is elsewhere and lines == ["half of it is done"]
    assert worker.waiting == [(shard, maker.workdir)] == [(shards[1], maker.workdir)]


@_of(HelmSource(), 2)
def test_one_that_cannot_be_made_elsewhere_fails_alone_and_is_tried_again_here(
    maker: ShardMaker, together: Reading
) -> None:
    shards = _shards(4)
    run = shards[1].entries[0].run
    changed = replace(run, inputs=tuple(replace(item, md5="0" * 32) for item in run.inputs))
    shards[1] = replace(shards[1], entries=(Entry(changed, "of no matter"), *shards[1].entries[1:]))
    made = []
    for shard, make in making(replace(maker, reading=together), shards):
        if shard is shards[1]:
            for _ in ("there", "here"):
                with pytest.raises(UpstreamUnavailable, match="is not what was listed"):
                    make()
        else:
            made.append(make().shard.key)

    assert sorted(made) == [shards[number].key for number in (0, 2, 3)]


@_of(Dying(), 2)
def test_a_process_that_is_killed_loses_no_shard(maker: ShardMaker, together: Reading) -> None:
    shards = _shards(4)
    made, n_killed = {}, 0
    for shard, make in making(replace(maker, reading=together), shards):
        try:
            files = make()
        except TransientError:
            n_killed += 1
            files = make()
        made[shard.key] = {name: path.read_bytes() for name, path in files.paths.items()}

    assert (made, n_killed) == (_files(maker, shards), 2)


@_of(HelmSource(), 2)
def test_a_shard_with_withdrawn_runs_is_made_where_the_published_rows_are(maker: ShardMaker, together: Reading) -> None:
    shards = _shards(3)
    gone = replace(shards[0].entries[0], state=State.WITHDRAWN)
    shards[0] = replace(shards[0], entries=(gone, *shards[0].entries[1:]))

    assert _files(replace(maker, reading=together), shards) == _files(maker, shards)


class _Far(WatchedStorage):
    """The bundled sample, as if it were on a network."""

    @property
    def is_remote(self) -> bool:
        return True


def _paths(shard: Shard) -> list[str]:
    return [f"{run.folder}/{item.name}" for run in shard.runs for item in run.inputs]


def test_inputs_of_the_next_shard_arrive_while_nobody_asks_for_them(maker: ShardMaker) -> None:
    shards, storage = _shards(2), _Far(STORAGE)
    with reading(HelmSource(), storage, 1, 0) as here:
        made = making(replace(maker, reading=here), shards)
        next(made)[1]()
        for _ in range(3000):
            if len(storage.read_names) == len(_paths(shards[0])) + len(_paths(shards[1])):
                break
            time.sleep(0.01)
        assert set(_paths(shards[1])) <= set(storage.read_names)
        next(made)[1]()

    assert sorted(storage.read_names) == sorted([*_paths(shards[0]), *_paths(shards[1])])


@pytest.mark.parametrize("n_processes", [1, 2])
def test_a_shard_that_fails_gives_up_what_was_opened_for_it(maker: ShardMaker, n_processes: int) -> None:
    shards, storage = _shards(4), _Far(STORAGE)
    first, *others = shards[0].entries
    changed = replace(first.run, inputs=tuple(replace(item, md5="0" * 32) for item in first.run.inputs))
    failing = replace(shards[0], entries=(Entry(changed, "of no matter"), *others))
    made = {}
    with reading(HelmSource(), storage, n_processes, n_processes * PROCESS_BYTES) as reader:
        for shard, make in making(replace(maker, reading=reader), [failing, *shards[1:]]):
            if shard is failing:
                with pytest.raises(UpstreamUnavailable, match="is not what was listed"):
                    make()
            else:
                made[shard.key] = {name: path.read_bytes() for name, path in make().paths.items()}

    assert made == _files(maker, shards[1:])
