import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from every_eval.contracts.catalog import State
from every_eval.errors import UpstreamUnavailable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.planning import Shard
from every_eval.ingestion.workers import shard_builds
from every_eval.ingestion.workers.shard_builds import ShardBuilds
from every_eval.ingestion.workers.worker_process import WorkerKilled
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Source
from every_eval.storage.storage import Storage
from every_eval_tests.hub.hubs import NOON, REPO
from every_eval_tests.ingestion.failing_sources import Failing, Killed
from every_eval_tests.ingestion.upstream import WatchedStorage
from every_eval_tests.ingestion.workers.sample_runs import STORAGE, changed, contents, sample_shards

Files = dict[str, Mapping[str, bytes]]
"""Contents by shard and table."""


@pytest.fixture(autouse=True)
def _always_in_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes however little there is to read."""
    monkeypatch.setattr(shard_builds, "PROCESS_BYTES", 1)


def builds_in(workdir: Path, n_processes: int, source: Source | None = None, storage: Storage = STORAGE) -> ShardBuilds:
    head = FolderHub(workdir / "hub", lambda: NOON).snapshot(REPO)
    (workdir / str(n_processes)).mkdir(exist_ok=True)
    return ShardBuilds(source or HelmSource(), storage, head, workdir / str(n_processes), lambda _: None, n_processes)


def build_all(builds: ShardBuilds, shards: Sequence[Shard]) -> tuple[Files, dict[str, Exception]]:
    """Build shards; return the files of those that were built, and the errors of the others, by shard."""
    built: Files = {}
    errors: dict[str, Exception] = {}
    with builds.open(shards) as each:
        for shard, build in each:
            try:
                built[shard.key] = contents(build())
            except (UpstreamUnavailable, WorkerKilled) as error:
                errors[shard.key] = error
    return built, errors


@pytest.mark.slow
@pytest.mark.parametrize("n_processes", [2, 3])
@pytest.mark.parametrize("n_shards", [1, 2, 5])
def test_the_number_of_processes_does_not_change_a_byte(tmp_path: Path, n_shards: int, n_processes: int) -> None:
    shards = sample_shards(n_shards)
    files, errors = build_all(builds_in(tmp_path, n_processes), shards)

    assert (files, errors) == build_all(builds_in(tmp_path, 1), shards)
    assert errors == {} and len(files) == n_shards and all(len(tables) == 4 for tables in files.values())


@pytest.mark.parametrize("n_processes", [1, 2])
def test_a_shard_whose_input_has_changed_fails_alone(tmp_path: Path, n_processes: int) -> None:
    shards = sample_shards(4)
    first, *others = shards[1].entries
    failing = replace(shards[1], entries=(Entry(changed(first.run), first.shard), *others))
    files, errors = build_all(
        builds_in(tmp_path, n_processes, storage=_Remote(STORAGE)), [shards[0], failing, *shards[2:]]
    )

    assert isinstance(errors.pop(failing.key), UpstreamUnavailable) and not errors
    assert files == build_all(builds_in(tmp_path, 1), [shards[0], *shards[2:]])[0]


@pytest.mark.parametrize("n_processes", [1, 2])
@pytest.mark.parametrize("n_shards", [1, 2], ids=["runs shared", "shards built whole"])
def test_an_error_that_cannot_be_pickled_arrives_with_its_type_message_trace_and_run(
    tmp_path: Path, n_processes: int, n_shards: int
) -> None:
    shards = sample_shards(n_shards)
    run = shards[0].runs[1]
    with builds_in(tmp_path, n_processes, Failing(run.name)).open(shards) as each:
        failures = {shard.key: build().failures for shard, build in each}

    assert [list(failed) for failed in failures.values()] == [[run.identity], *[[]] * (n_shards - 1)]
    first, *trace = failures[shards[0].key][run.identity].splitlines()
    assert first == f"lite/{run.suite}/{run.name}: Unpicklable: a field is missing"
    assert any(line.endswith("in read") for line in trace)


@pytest.mark.parametrize("n_shards", [1, 4], ids=["runs shared", "shards built whole"])
def test_a_process_that_is_killed_once_loses_nothing(tmp_path: Path, n_shards: int) -> None:
    shards = sample_shards(n_shards)
    source = Killed(shards[0].runs[1].name, tmp_path / "killed")

    assert build_all(builds_in(tmp_path, 2, source), shards) == build_all(builds_in(tmp_path, 1), shards)
    assert (tmp_path / "killed").exists()


@pytest.mark.parametrize("n_shards", [1, 4], ids=["runs shared", "shards built whole"])
def test_a_process_that_is_killed_twice_costs_the_shard_that_it_worked_on(tmp_path: Path, n_shards: int) -> None:
    shards = sample_shards(n_shards)
    run = shards[0].runs[1]
    files, errors = build_all(builds_in(tmp_path, 2, Killed(run.name, tmp_path / "killed", is_always=True)), shards)

    assert list(errors) == [shards[0].key]
    assert isinstance(errors[shards[0].key], WorkerKilled)
    label = f"lite/{run.suite}/{run.name}"
    subject = f"{shards[0].key}, run {label}" if n_shards > 1 else label
    assert str(errors[shards[0].key]).startswith(f"{subject}: ") and "SIGKILL" in str(errors[shards[0].key])
    assert files == build_all(builds_in(tmp_path, 1), shards[1:])[0]


def test_a_shard_with_withdrawn_runs_is_built_where_the_published_rows_are(tmp_path: Path) -> None:
    shards = sample_shards(3)
    gone = replace(shards[0].entries[0], state=State.WITHDRAWN)
    shards[0] = replace(shards[0], entries=(gone, *shards[0].entries[1:]))

    assert build_all(builds_in(tmp_path, 2), shards) == build_all(builds_in(tmp_path, 1), shards)


class _Remote(WatchedStorage):
    """The bundled sample, as if it were on a network."""

    @property
    def is_remote(self) -> bool:
        return True


def _paths(shard: Shard) -> list[str]:
    return [f"{run.folder}/{item.name}" for run in shard.runs for item in run.inputs]


def test_inputs_of_the_next_shard_are_fetched_before_it_is_built(tmp_path: Path) -> None:
    shards, storage = sample_shards(2), _Remote(STORAGE)
    with builds_in(tmp_path, 1, storage=storage).open(shards) as each:
        next(each)[1]()
        for _ in range(3000):
            if len(storage.read_names) == len(_paths(shards[0])) + len(_paths(shards[1])):
                break
            time.sleep(0.01)
        assert set(_paths(shards[1])) <= set(storage.read_names)
        next(each)[1]()

    assert sorted(storage.read_names) == sorted([*_paths(shards[0]), *_paths(shards[1])])


@pytest.mark.parametrize(
    ("n_processes", "process_bytes", "is_parallel"),
    [(1, 1, False), (2, 1 << 40, False), (2, 1, True)],
)
def test_processes_are_started_only_if_there_is_enough_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_processes: int, process_bytes: int, is_parallel: bool
) -> None:
    monkeypatch.setattr(shard_builds, "PROCESS_BYTES", process_bytes)
    storage = WatchedStorage(STORAGE)
    build_all(builds_in(tmp_path, n_processes, storage=storage), sample_shards(2))

    assert (storage.read_names == []) == is_parallel  # Other processes read from a copy of the storage.
