import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from every_eval.contracts.parquet import read_table
from every_eval.contracts.rejects import REJECTS, Reason
from every_eval.contracts.repo_layout import SHARD_TABLES, shard_path
from every_eval.contracts.samples import SAMPLES
from every_eval.errors import UpstreamUnavailable
from every_eval.ingestion.shard_builder import N_PREVIEW, ShardBuilder, ShardFiles, rejects_table
from every_eval.ingestion.workers.read_ahead import OnDemand
from every_eval.ingestion.workers.verified_runs import read_runs
from every_eval.sources.source import Reject, Run
from every_eval.storage.archive import ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.ingestion.upstream import RUNS, RemoteFolder, load, zipped


def _build(publishing: Publishing, workdir: Path, number: int = 0) -> ShardFiles:
    workdir.mkdir(exist_ok=True)
    shard = publishing.shards()[number]
    head = publishing.hub.snapshot(REPO)
    read = partial(read_runs, publishing.source, OnDemand(publishing.storage))
    return ShardBuilder(publishing.source, read, head, workdir, lambda _: None).build(shard)


def _bytes(files: ShardFiles) -> Mapping[str, bytes]:
    return {name: path.read_bytes() for name, path in files.paths.items()}


def test_a_shard_without_rejects_has_a_file_of_each_other_table(
    publishing: Publishing, root: HelmRoot, tmp_path: Path
) -> None:
    publishing.discover()
    files = _build(publishing, tmp_path / "work")
    predictions = load(root.run("mmlu", *RUNS[0]) / "display_predictions.json")
    entries = load(root.run("mmlu", *RUNS[0]) / "per_instance_stats.json")

    assert set(files.paths) == {"samples", "metrics", "stats", "item_scores"}
    assert isinstance(predictions, list) and isinstance(entries, list)
    assert files.n_rows["samples"] == len(predictions) == 3
    assert files.n_rows["metrics"] == sum(len(entry["stats"]) for entry in entries)
    assert files.n_rows["rejects"] == 0
    assert read_table(SAMPLES, [files.paths["samples"]]).num_rows == 3


def test_a_shard_has_the_same_bytes_each_time_it_is_built(publishing: Publishing, tmp_path: Path) -> None:
    publishing.discover()

    assert _bytes(_build(publishing, tmp_path / "a")) == _bytes(_build(publishing, tmp_path / "b"))


def test_rejects_have_a_file_where_there_are_any(publishing: Publishing, root: HelmRoot, tmp_path: Path) -> None:
    (root.run("mmlu", *RUNS[0]) / "scenario.json").unlink()
    publishing.discover()
    files = _build(publishing, tmp_path / "work")

    assert files.n_rows["rejects"] == 1
    assert "rejects" in files.paths
    assert files.n_rows["samples"] == 3


def test_a_preview_holds_the_first_rows_of_all_runs(root: HelmRoot, tmp_path: Path) -> None:
    publishing = Publishing.of(root.path, tmp_path / "hub", shard_bytes=1 << 30)
    publishing.discover()
    files = _build(publishing, tmp_path / "work")
    rows = read_table(SAMPLES, [files.paths["samples"]])

    assert files.n_rows["samples"] == rows.num_rows == 9
    assert files.previews["samples"] == rows.slice(0, N_PREVIEW).to_pylist()


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        (FolderStorage, r"stats\.json is not what was listed"),
        (RemoteFolder, r"stats\.json.* has changed since it was listed"),
    ],
    ids=["MD5 known", "witness known"],
)
def test_an_input_that_has_changed_is_a_transient_error(
    root: HelmRoot, tmp_path: Path, storage: type[FolderStorage], message: str
) -> None:
    publishing = Publishing.of(storage(root.path), tmp_path / "hub")
    publishing.discover()
    file = root.run("mmlu", *RUNS[0]) / "stats.json"
    file.write_bytes(file.read_bytes() + b" ")

    with pytest.raises(UpstreamUnavailable, match=message):
        _build(publishing, tmp_path / "work")


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        (FolderStorage, r"stats\.json was listed and is gone"),
        (RemoteFolder, r"stats\.json.* has gone since it was listed"),
    ],
    ids=["MD5 known", "witness known"],
)
def test_an_input_that_is_gone_is_a_transient_error(
    root: HelmRoot, tmp_path: Path, storage: type[FolderStorage], message: str
) -> None:
    publishing = Publishing.of(storage(root.path), tmp_path / "hub")
    publishing.discover()
    (root.run("mmlu", *RUNS[0]) / "stats.json").unlink()

    with pytest.raises(UpstreamUnavailable, match=message):
        _build(publishing, tmp_path / "work")


def test_a_damaged_member_of_an_archive_is_a_reject_of_its_file(root: HelmRoot, tmp_path: Path) -> None:
    path = zipped(root, tmp_path / "root.zip")
    publishing = Publishing.of(ArchiveStorage(path), tmp_path / "hub")
    publishing.discover()
    raw = path.read_bytes()
    spec = (root.run("mmlu", *RUNS[0]) / "run_spec.json").read_bytes()[:100]
    assert raw.count(spec) == 1
    path.write_bytes(raw.replace(spec, spec[:-1] + b"~"))
    publishing.storage = ArchiveStorage(path)

    files = _build(publishing, tmp_path / "work")
    [reject] = read_table(REJECTS, [files.paths["rejects"]]).to_pylist()
    assert (reject["run"], reject["file"], reject["reason"]) == (RUNS[0][1], "run_spec.json", "not_json")
    assert "Bad CRC-32" in reject["detail"]
    assert files.n_rows["stats"] == 0


def test_a_withdrawn_run_gives_the_rows_that_are_published(
    publishing: Publishing, root: HelmRoot, tmp_path: Path
) -> None:
    publishing.refresh()
    before = _bytes(_build(publishing, tmp_path / "before"))
    shutil.rmtree(root.run("mmlu", *RUNS[0]))
    publishing.discover()

    assert _bytes(_build(publishing, tmp_path / "after")) == before


def test_a_withdrawn_run_that_was_never_read_has_no_rows(
    publishing: Publishing, root: HelmRoot, tmp_path: Path
) -> None:
    publishing.discover()
    shutil.rmtree(root.run("mmlu", *RUNS[0]))
    publishing.discover()
    files = _build(publishing, tmp_path / "work")

    assert set(files.n_rows.values()) == {0}


def test_paths_follow_from_the_table_and_the_shard() -> None:
    paths = [shard_path(table, "helm_lite_part_00001", "3fa9c1d20b7e") for table in SHARD_TABLES]

    assert paths == [
        "data/helm_lite/helm_lite_part_00001.parquet",
        "metrics/helm_lite/helm_lite_part_00001.parquet",
        "stats/helm_lite/helm_lite_part_00001-3fa9c1d20b7e.parquet",
        "item_scores/helm_lite/helm_lite_part_00001.parquet",
        "judgements/helm_lite/helm_lite_part_00001.parquet",
        "rejects/helm_lite/helm_lite_part_00001.parquet",
    ]


def test_rejects_carry_the_identity_of_their_run() -> None:
    run = Run("helm", "lite", "v1", "gsm:model=m", "x")
    whole, part = Reject(Reason.RUN_MISSING, "d"), Reject(Reason.NOT_JSON, "d", "stats.json", "$[1]")
    first, second = rejects_table(run, [whole, part]).to_pylist()

    identity = {"source": "helm", "benchmark": "lite", "suite": "v1", "run": "gsm:model=m", "detail": "d"}
    assert first == identity | {"file": None, "place": None, "reason": "run_missing"}
    assert second == identity | {"file": "stats.json", "place": "$[1]", "reason": "not_json"}
    assert rejects_table(replace(run, name="x"), []).num_rows == 0
