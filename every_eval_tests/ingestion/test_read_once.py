"""Every input is fetched once, and the published files are the same, whatever sizes and MD5s a root states."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.repo_layout import shard_path
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.errors import UpstreamUnavailable
from every_eval.hub.hub import Add
from every_eval.ingestion.ingestor import Ingestor
from every_eval.ingestion.planning import Status
from every_eval.ingestion.shards import fingerprint, made_from
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hubs import REPO, commit_on_head
from every_eval_tests.ingestion.buckets import HASTY, objects_of, of_runs
from every_eval_tests.ingestion.publishing import FOLDER, Publishing, WatchedHub
from every_eval_tests.ingestion.upstream import RUNS, RemoteFolder, WatchedStorage, rewrite
from every_eval_tests.storage.bucket_server import BucketServer

pytestmark = pytest.mark.slow

SHARDS = [f"{FOLDER}_part_0000{number}" for number in (1, 2, 3)]
KINDS = ["folder", "listed bucket", "mirror", "gzip"]
UNSTATED = ["mirror", "gzip"]
"""Kinds of roots on a network that do not state the MD5 of a file's content."""


@dataclass(frozen=True)
class Upstream:
    """A root, and a way to change its files."""

    storage: Storage
    change: Callable[[str, bytes], object]
    """Overwrites the file of a name."""


@contextmanager
def _upstream(kind: str, root: HelmRoot) -> Iterator[Upstream]:
    """Serve a folder as a root of the given kind."""
    if kind == "folder":
        yield Upstream(FolderStorage(root.path), lambda name, raw: (root.path / name).write_bytes(raw))
        return
    objects = objects_of(FolderStorage(root.path))
    encoded = frozenset(of_runs(list(objects)) if kind == "gzip" else ())
    with BucketServer(objects, encoded, is_plain=kind == "mirror") as server:
        yield Upstream(BucketStorage(server.root_url, limits=HASTY), server.put)


@pytest.fixture
def upstream(request: pytest.FixtureRequest, root: HelmRoot) -> Iterator[Upstream]:
    """Return the small root as a root of the given kind; the run_spec.json of its first run cannot be read."""
    rewrite(root.run("mmlu", *RUNS[0]) / "run_spec.json", lambda raw: raw[:-20])
    with _upstream(request.param, root) as upstream:
        yield upstream


each_kind = pytest.mark.parametrize("upstream", KINDS, indirect=True)
each_unstated = pytest.mark.parametrize("upstream", UNSTATED, indirect=True)


def _known(publishing: Publishing) -> list[dict[str, object]]:
    """Return the rows of the catalog without the witnesses, which differ between storages."""
    rows: list[dict[str, object]] = publishing.rows(CATALOG).to_pylist()
    return [row | {"inputs": [item | {"witness": ""} for item in row["inputs"]]} for row in rows]  # type: ignore[attr-defined]


def _lacking(publishing: Publishing) -> list[str]:
    """Return the shards of runs with an input of unknown MD5."""
    rows = publishing.rows(CATALOG).to_pylist()
    return [row["shard"] for row in rows if None in [item["md5"] for item in row["inputs"]]]


@each_kind
def test_catalog_and_data_are_the_same_whatever_a_root_states(
    upstream: Upstream, root: HelmRoot, tmp_path: Path
) -> None:
    of_folder = Publishing.of(root.path, tmp_path / "folder")
    of_folder.refresh()
    publishing = Publishing.of(upstream.storage, tmp_path / "hub")
    publishing.refresh()

    assert publishing.data() == of_folder.data()
    assert _known(publishing) == _known(of_folder)


@each_kind
def test_md5s_are_those_of_the_files_even_if_no_reader_opens_them(
    upstream: Upstream, root: HelmRoot, tmp_path: Path
) -> None:
    publishing = Publishing.of(upstream.storage, tmp_path / "hub")
    publishing.refresh()

    for shard, (suite, name) in zip(publishing.shards(), sorted(RUNS), strict=True):
        [entry] = shard.entries
        contents = {file.name: file.read_bytes() for file in root.run("mmlu", suite, name).iterdir()}
        expected = [
            replace(item, size=len(contents[item.name]), md5=hashlib.md5(contents[item.name]).hexdigest())
            for item in entry.run.inputs
        ]
        assert list(entry.run.inputs) == expected and len(expected) == 7
        wanted = fingerprint([made_from(entry.run)], publishing.source.data_version)
        assert shard_path(STATS, shard.key, wanted) in publishing.contents()
    assert [reject[:2] for reject in publishing.rejects()] == [(RUNS[0][1], "run_spec.json")]
    assert publishing.rows(SAMPLES).num_rows == 6


@each_unstated
def test_each_file_is_fetched_once_and_never_again(upstream: Upstream, tmp_path: Path) -> None:
    storage = WatchedStorage(upstream.storage, upstream.storage.can_list)
    publishing = Publishing.of(storage, tmp_path / "hub")
    publishing.discover()
    assert storage.read_runs == []
    assert publishing.refresh() == SHARDS
    assert len(storage.read_runs) == len(set(storage.read_runs)) == 21

    storage.read_names.clear()
    commit, contents = publishing.commit(), publishing.contents()
    assert publishing.refresh() == []
    assert storage.read_runs == []
    assert [outcome.error for outcome in publishing.ingest(SHARDS)] == [None] * 3  # made again, as if it were forced
    assert (publishing.commit(), publishing.contents()) == (commit, contents)


@each_unstated
def test_the_next_batch_keeps_the_md5s_of_the_batch_before(upstream: Upstream, tmp_path: Path) -> None:
    at_once = Publishing.of(upstream.storage, tmp_path / "at once")
    at_once.refresh()
    publishing = Publishing.of(upstream.storage, tmp_path / "hub")
    publishing.discover()
    assert _lacking(publishing) == SHARDS
    for number, shard in enumerate(SHARDS, start=1):
        publishing.ingest([shard])
        assert _lacking(publishing) == SHARDS[number:]
        commit_on_head(publishing.hub, Add("README.md", str(number).encode()))
        publishing.discover()

    assert publishing.contents() == at_once.contents() | {"README.md": b"3"}


@each_unstated
def test_the_md5s_of_two_concurrent_batches_are_kept(upstream: Upstream, tmp_path: Path) -> None:
    at_once = Publishing.of(upstream.storage, tmp_path / "at once")
    at_once.refresh()
    publishing = Publishing.of(upstream.storage, tmp_path / "hub")
    publishing.discover()
    rival = replace(publishing)
    hub = publishing.hub = WatchedHub(publishing.hub, [lambda: rival.ingest(SHARDS[1:])])  # type: ignore[assignment]
    publishing.ingest(SHARDS[:1])

    assert len(hub.parents) == 2
    assert publishing.contents() == at_once.contents()


class _Killed(BaseException):
    """An error that no handler catches, as if the process were killed."""


@each_unstated
def test_an_ingestion_that_is_killed_before_its_commit_has_changed_nothing(upstream: Upstream, tmp_path: Path) -> None:
    uninterrupted = Publishing.of(upstream.storage, tmp_path / "uninterrupted")
    uninterrupted.refresh()
    publishing = Publishing.of(upstream.storage, tmp_path / "hub")
    publishing.discover()
    before = publishing.contents()

    def die() -> None:
        raise _Killed

    publishing.hub = WatchedHub(publishing.hub, [die])  # type: ignore[assignment]
    with pytest.raises(_Killed):
        publishing.ingest(SHARDS)
    after = Publishing.of(upstream.storage, tmp_path / "hub")

    assert after.contents() == before
    assert after.refresh() == SHARDS
    assert after.contents() == uninterrupted.contents()


@each_unstated
def test_a_file_that_changes_before_it_is_read_is_noticed(upstream: Upstream, tmp_path: Path) -> None:
    publishing = Publishing.of(upstream.storage, tmp_path / "hub")
    publishing.discover()
    changed = f"mmlu/benchmark_output/runs/{'/'.join(RUNS[1])}/per_instance_stats.json"
    raw = upstream.storage.read(changed)
    upstream.change(changed, raw.replace(b'"count": 1', b'"count": 2'))
    outcomes = publishing.ingest(SHARDS)

    assert [type(outcome.error) for outcome in outcomes] == [type(None), UpstreamUnavailable, type(None)]
    assert "changed since it was listed" in str(outcomes[1].error)
    assert _lacking(publishing) == [SHARDS[1]]
    assert publishing.refresh() == [SHARDS[1]]
    of_changed = Publishing.of(upstream.storage, tmp_path / "of changed")
    of_changed.refresh()
    assert publishing.contents() == of_changed.contents()


@pytest.mark.parametrize("shard_bytes", [1, 1 << 30], ids=["shards built whole and shared", "one shard shared"])
@pytest.mark.parametrize("upstream", ["folder", "mirror"], indirect=True)
def test_md5s_that_worker_processes_compute_are_kept(
    upstream: Upstream, tmp_path: Path, shard_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("every_eval.ingestion.workers.shard_builds.PROCESS_BYTES", 1)
    alone = Publishing.of(upstream.storage, tmp_path / "alone", shard_bytes=shard_bytes)
    alone.refresh()
    publishing = Publishing.of(upstream.storage, tmp_path / "hub", shard_bytes=shard_bytes)
    publishing.discover()
    ingestor = Ingestor(publishing.source, publishing.storage, publishing.hub, REPO, lambda _: None, n_processes=2)

    assert {outcome.error for outcome in ingestor.ingest(FOLDER, publishing.to_do())} == {None}
    assert publishing.contents() == alone.contents()


def test_a_run_that_vanishes_before_it_is_read_is_read_when_it_comes_back(root: HelmRoot, tmp_path: Path) -> None:
    uninterrupted = Publishing.of(RemoteFolder(root.path), tmp_path / "uninterrupted", shard_bytes=1 << 30)
    uninterrupted.refresh()
    publishing = Publishing.of(RemoteFolder(root.path), tmp_path / "hub", shard_bytes=1 << 30)
    publishing.discover()
    away = shutil.move(root.run("mmlu", *RUNS[0]), tmp_path / "away")

    assert publishing.refresh() == [SHARDS[0]]
    assert publishing.rows(SAMPLES).num_rows == 6
    assert publishing.refresh() == []
    shutil.move(away, root.run("mmlu", *RUNS[0]))
    publishing.discover()
    assert [shard.status for shard in publishing.shards()] == [Status.CHANGED]
    assert publishing.refresh() == [SHARDS[0]]
    assert publishing.contents() == uninterrupted.contents()
