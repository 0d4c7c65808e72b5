import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.releases import RELEASES
from every_eval.errors import BenchmarkMissing, ConfigurationError, UpstreamMalformed, UpstreamUnavailable
from every_eval.hub.hub import Add, Change, Hub, Snapshot, Upload
from every_eval.ingestion.catalog import Catalog
from every_eval.ingestion.planning import Status
from every_eval.ingestion.run_failures import UnexpectedFailure
from every_eval.network.content import Digested
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Discovery
from every_eval.storage.archive import ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage, StoredObject
from every_eval_tests.helm_root import HelmRoot, edit
from every_eval_tests.hub.hubs import REPO, commit_on_head
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import (
    ALGEBRA,
    RUNS,
    RemoteFolder,
    WatchedStorage,
    add_run,
    mmlu_run,
    rewrite,
    touch,
    zipped,
)


def _shards(catalog: Catalog) -> dict[tuple[str, str], str | None]:
    return {entry.run.identity: entry.shard for entry in catalog}


def test_discovery_publishes_the_catalog_and_the_releases_and_nothing_else(publishing: Publishing) -> None:
    [found] = publishing.discover()

    assert found.error is None
    assert list(publishing.contents()) == [f"catalog/{FOLDER}.parquet", f"releases/{FOLDER}.parquet"]
    rows = publishing.rows(CATALOG).to_pylist()
    assert [(row["suite"], row["run"]) for row in rows] == sorted(RUNS)
    assert [row["shard"] for row in rows] == [f"{FOLDER}_part_0000{number}" for number in (1, 2, 3)]
    assert {row["state"] for row in rows} == {"present"}
    assert [row["releases"] for row in rows] == [["v1.0.0", "v1.1.0"], ["v1.0.0", "v1.1.0"], ["v1.1.0"]]
    assert [row["release"] for row in publishing.rows(RELEASES).to_pylist()] == ["v1.0.0", "v1.1.0"]
    assert "Found 3 runs of helm/mmlu." in publishing.reports


@pytest.mark.parametrize(("kind", "n_early"), [(FolderStorage, 1), (RemoteFolder, 0)])
def test_a_second_discovery_opens_no_file_of_a_run_and_changes_nothing(
    root: HelmRoot, tmp_path: Path, kind: type[FolderStorage], n_early: int
) -> None:
    storage = WatchedStorage(kind(root.path))
    publishing = Publishing.of(storage, tmp_path / "hub")
    n_files = sum(len(entry.run.inputs) for entry in publishing.discover()[0].catalog)
    assert (n_files, len(storage.read_runs)) == (21, n_early * 21)  # for the MD5s
    publishing.refresh()
    assert len(storage.read_runs) == (n_early + 1) * n_files
    assert len(set(storage.read_runs)) == n_files

    storage.read_names.clear()
    commit, before = publishing.commit(), publishing.contents()
    hub_files = {path: path.stat().st_mtime_ns for path in (tmp_path / "hub").rglob("*") if path.is_file()}

    assert publishing.refresh() == []
    assert storage.read_runs == []
    assert publishing.commit() == commit
    assert publishing.contents() == before
    assert hub_files == {path: path.stat().st_mtime_ns for path in hub_files}


def test_a_storage_that_states_digests_is_not_read_for_them(root: HelmRoot, tmp_path: Path) -> None:
    listed = Publishing.of(root.path, tmp_path / "listed").discover()[0].catalog
    md5 = {f"{entry.run.folder}/{item.name}": item.md5 for entry in listed for item in entry.run.inputs}

    class Stating(WatchedStorage):
        def list(self, prefix: str) -> Iterator[StoredObject]:
            return (replace(item, md5=md5.get(item.name)) for item in super().list(prefix))

    storage = Stating(FolderStorage(root.path))
    [found] = Publishing.of(storage, tmp_path / "stating").discover()

    assert storage.read_runs == []
    assert [item.md5 for entry in found.catalog for item in entry.run.inputs] == list(md5.values())


def test_a_benchmark_that_the_root_lacks_does_not_stop_the_others(publishing: Publishing) -> None:
    lite, mmlu = publishing.discover("lite", "mmlu")

    assert isinstance(lite.error, BenchmarkMissing)
    assert mmlu.error is None and len(mmlu.catalog) == 3


def test_an_index_that_was_cut_off_is_named_with_what_to_do_and_leaves_what_was_known(
    publishing: Publishing, root: HelmRoot
) -> None:
    publishing.refresh()
    before = publishing.contents()
    shutil.copytree(root.output("mmlu"), root.output("other"))
    file = root.output("mmlu") / "releases" / "v1.1.0" / "run_specs.json"
    file.write_bytes(file.read_bytes()[:-100])

    mmlu, other = publishing.discover("mmlu", "other")

    assert isinstance(mmlu.error, UpstreamMalformed)
    assert str(file) in str(mmlu.error) and "fetch it again" in str(mmlu.error)
    assert len(mmlu.catalog) == 3
    assert other.error is None
    assert before.items() <= publishing.contents().items()


def test_an_emptied_project_is_an_error_and_withdraws_nothing(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    before = publishing.contents()
    for suite in (root.output("mmlu") / "runs").iterdir():
        for folder in suite.iterdir():
            shutil.rmtree(folder)

    [found] = publishing.discover()

    assert isinstance(found.error, BenchmarkMissing)
    assert [entry.state for entry in found.catalog] == [State.PRESENT] * 3
    assert publishing.contents() == before


@pytest.mark.parametrize("keep_in_index", [True, False])
def test_a_run_that_is_gone_is_marked_and_keeps_its_place(
    publishing: Publishing, root: HelmRoot, keep_in_index: bool
) -> None:
    before = publishing.discover()[0].catalog
    suite, name = RUNS[0]
    shutil.rmtree(root.run("mmlu", suite, name))
    if not keep_in_index:
        for release in ("v1.0.0", "v1.1.0"):
            edit(
                root.output("mmlu") / "releases" / release / "runs_to_run_suites.json",
                lambda suites: {run: suite for run, suite in suites.items() if run != name},
            )

    after = publishing.discover()[0].catalog

    assert {entry.run.name for entry in after if entry.state is State.WITHDRAWN} == {name}
    assert _shards(after) == _shards(before)
    assert [entry.run.inputs for entry in after] == [entry.run.inputs for entry in before]


def test_numbers_of_shards_only_grow_even_when_names_come_in_between(publishing: Publishing, root: HelmRoot) -> None:
    before = _shards(publishing.discover()[0].catalog)
    suite, original = RUNS[0]
    add_run(root, suite, original, "aaa:first=by,name=1")
    shutil.rmtree(root.run("mmlu", *RUNS[2]))

    after = _shards(publishing.discover()[0].catalog)

    assert after == before | {(suite, "aaa:first=by,name=1"): f"{FOLDER}_part_00004"}


def test_a_limit_assigns_a_few_new_runs_to_shards_at_a_time(publishing: Publishing) -> None:
    counts = []
    for max_runs in (0, 2, 2, 2):
        catalog = publishing.discover(max_runs=max_runs)[0].catalog
        counts.append(sum(entry.shard is not None for entry in catalog))
        waiting = [item for entry in catalog if entry.shard is None for item in entry.run.inputs]
        assert all(item.md5 is None for item in waiting)

    assert counts == [0, 2, 3, 3]


def test_runs_share_a_shard_up_to_the_setting(root: HelmRoot, tmp_path: Path) -> None:
    catalog = Publishing.of(root.path, tmp_path / "hub", shard_bytes=1 << 30).discover()[0].catalog

    assert {entry.shard for entry in catalog} == {f"{FOLDER}_part_00001"}


@pytest.mark.parametrize("names", [("a-b", "a_b"), ("mmlu", "MMLU")])
def test_two_benchmarks_with_one_folder_name_are_an_error(publishing: Publishing, names: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=f"{names[0]}.*{names[1]}"):
        publishing.discover(*names)


def test_a_benchmark_that_would_take_over_the_folder_of_another_is_an_error(
    publishing: Publishing, root: HelmRoot
) -> None:
    shutil.copytree(root.output("mmlu"), root.output("m-u"))
    shutil.copytree(root.output("mmlu"), root.output("m_u"))
    publishing.discover("m-u")
    before = publishing.contents()

    other, mmlu = publishing.discover("m_u", "mmlu")

    assert isinstance(other.error, ConfigurationError) and "'m-u'" in str(other.error)
    assert mmlu.error is None
    assert before.items() <= publishing.contents().items()


def test_a_benchmark_named_twice_is_discovered_once(publishing: Publishing) -> None:
    assert [found.benchmark for found in publishing.discover("mmlu", "mmlu")] == ["mmlu"]


def test_an_input_that_changes_during_discovery_is_a_transient_error(root: HelmRoot, tmp_path: Path) -> None:
    changing = root.run("mmlu", *RUNS[1]) / "stats.json"

    class Changing(WatchedStorage):
        def open_digested(self, name: str, witness: str) -> Digested:
            rewrite(changing, lambda raw: raw + b" ")
            return super().open_digested(name, witness)

    Publishing.of(root.path, tmp_path / "hub").refresh()
    rewrite(changing, lambda raw: raw + b" ")
    publishing = Publishing.of(Changing(FolderStorage(root.path)), tmp_path / "hub")
    commit = publishing.commit()

    [found] = publishing.discover()
    assert isinstance(found.error, UpstreamUnavailable)
    assert publishing.commit() == commit
    [found] = Publishing.of(root.path, tmp_path / "hub").discover()
    assert found.error is None


def test_only_touched_inputs_of_published_runs_are_read_and_no_input_of_new_runs(
    root: HelmRoot, tmp_path: Path
) -> None:
    storage = WatchedStorage(RemoteFolder(root.path))
    publishing = Publishing.of(storage, tmp_path / "hub")
    publishing.refresh()
    add_run(root, *RUNS[0], "aaa:model=new")
    rewrite(root.run("mmlu", *RUNS[1]) / "stats.json", lambda raw: raw)
    storage.read_names.clear()
    [found] = publishing.discover()

    assert storage.read_runs == [f"mmlu/benchmark_output/runs/{'/'.join(RUNS[1])}/stats.json"]
    lacking = {entry.run.name for entry in found.catalog if entry.lacks_md5}
    assert lacking == {"aaa:model=new"}
    assert [(shard.status, shard.fingerprint is None) for shard in publishing.shards()] == [
        *[(Status.UNCHANGED, False)] * 3,
        (Status.NEW, True),
    ]


def test_no_input_is_read_again_if_a_rival_commits_first(root: HelmRoot, tmp_path: Path) -> None:
    storage = WatchedStorage(FolderStorage(root.path))
    publishing = Publishing.of(storage, tmp_path / "hub")
    publishing.refresh()
    touch(root)
    storage.read_names.clear()
    inner, rivals = publishing.hub, [b"1", b"2"]

    class Contested:
        def snapshot(self, repo: str) -> Snapshot:
            return inner.snapshot(repo)

        def commit(self, repo: str, changes: Sequence[Change], *, title: str, parent: str | None) -> Snapshot:
            if rivals:
                commit_on_head(inner, Add("README.md", rivals.pop()))
            return inner.commit(repo, changes, title=title, parent=parent)

        def uploading(self, repo: str, head: Snapshot) -> AbstractContextManager[Upload]:
            return inner.uploading(repo, head)

        check_access = staticmethod(inner.check_access)
        location = staticmethod(inner.location)
        read_address = staticmethod(inner.read_address)
        connect_sources = staticmethod(inner.connect_sources)

    contested: Hub = Contested()
    publishing.hub = contested
    [found] = publishing.discover()

    assert found.error is None
    assert len(storage.read_runs) == 21
    assert {"README.md", f"catalog/{FOLDER}.parquet"} <= set(inner.snapshot(REPO).files)


def test_an_archive_and_a_folder_are_discovered_alike(root: HelmRoot, tmp_path: Path) -> None:
    of_folder = Publishing.of(root.path, tmp_path / "a")
    of_archive = Publishing.of(ArchiveStorage(zipped(root, tmp_path / "root.zip")), tmp_path / "b")
    of_folder.discover()
    of_archive.discover()

    assert of_folder.data() == of_archive.data()
    columns = [name for name in CATALOG.schema.names if name != "inputs"]
    assert of_folder.rows(CATALOG).select(columns).equals(of_archive.rows(CATALOG).select(columns))


def test_a_run_whose_name_is_an_unsafe_path_is_kept_without_a_folder(publishing: Publishing, root: HelmRoot) -> None:
    for name in ("../../escape", "a/b", "a\\b", "", "..", "nul\0"):
        root.index_run("mmlu", "v1.1.0", "v1.1.0", name)
    root.index_run("mmlu", "v1.1.0", "../v1.1.0", mmlu_run(ALGEBRA, "model=x"))

    [found] = publishing.discover()

    unsafe = [entry.run for entry in found.catalog if entry.run.problem == "unsafe_name"]
    assert len(unsafe) == 7
    assert {(run.folder, run.inputs) for run in unsafe} == {("", ())}


class _FailsOn(HelmSource):
    """HELM, with a fault of ours in the discovery of one benchmark."""

    def __init__(self, benchmark: str) -> None:
        self.benchmark = benchmark

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        if benchmark == self.benchmark:
            raise KeyError(benchmark)
        return super().discover(storage, benchmark)


def test_an_error_that_nobody_foresaw_is_the_failure_of_its_benchmark_alone(root: HelmRoot, tmp_path: Path) -> None:
    shutil.copytree(root.path / "mmlu", root.path / "other")
    publishing = Publishing.of(root.path, tmp_path / "hub", source=_FailsOn("mmlu"))
    failed, found = publishing.discover("mmlu", "other")
    assert isinstance(failed.error, UnexpectedFailure)
    first, *trace = str(failed.error).splitlines()
    assert first == "helm/mmlu: KeyError: 'mmlu'"
    assert any("in discover" in line for line in trace)
    assert found.error is None
    assert len(found.catalog) == len(RUNS)
