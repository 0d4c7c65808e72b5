"""A project's changes show in a digest, without reading its runs."""

from pathlib import Path
from shutil import copytree, rmtree

import pytest

from every_eval.errors import BenchmarkMissing
from every_eval.sources.helm.discovery.index_witness import index_witness
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.folder import FolderStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.storage.bucket_server import BucketServer

RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"


@pytest.fixture
def root(tmp_path: Path) -> HelmRoot:
    return HelmRoot.unpack(tmp_path)


def witnesses(root: HelmRoot) -> dict[str, str]:
    return {name: index_witness(FolderStorage(root.path), name) for name in ("lite", "mmlu", "classic")}


def test_it_stays_while_nothing_changes_and_does_not_open_a_run(root: HelmRoot) -> None:
    before = witnesses(root)
    for file in root.path.glob("*/benchmark_output/runs/*/*/*"):
        file.write_text("not read")
    assert witnesses(root) == before


def test_a_large_project_in_a_bucket_costs_a_few_requests(root: HelmRoot) -> None:
    objects = {path.relative_to(root.path).as_posix(): path.read_bytes() for path in root.path.rglob("*.json")}
    with BucketServer(objects) as server:
        for name in ("lite", "mmlu", "classic"):
            server.requests.clear()
            index_witness(BucketStorage(server.root_url), name)
            assert len(server.requests) <= 10


def test_a_release_shows_in_its_project_alone(root: HelmRoot) -> None:
    before = witnesses(root)
    root.add_release("lite", "v1.1.0", "v1.2.0")
    after = witnesses(root)
    assert {name for name in before if before[name] != after[name]} == {"lite"}


def test_a_changed_index_of_the_newest_release_and_a_new_suite_show(root: HelmRoot) -> None:
    before = witnesses(root)
    root.index_run("lite", "v1.1.0", "v1.0.0", "none")
    root.copy_run("mmlu", "v1.0.0", RUN, "v9.0.0", RUN)
    after = witnesses(root)
    assert {name for name in before if before[name] != after[name]} == {"lite", "mmlu"}


def test_a_changed_index_of_a_project_without_releases_shows(root: HelmRoot) -> None:
    output = root.output("lite")
    for suite in ("v1.0.0", "v1.1.0"):
        copytree(output / "releases/v1.1.0", output / "runs" / suite, dirs_exist_ok=True)
    rmtree(output / "releases")
    before = witnesses(root)
    summary = output / "runs/v1.1.0/summary.json"
    summary.write_text(summary.read_text() + " ")

    after = witnesses(root)
    assert {name for name in before if before[name] != after[name]} == {"lite"}


def test_a_project_that_is_not_there_is_missing(root: HelmRoot) -> None:
    with pytest.raises(BenchmarkMissing, match="nothing/benchmark_output"):
        index_witness(FolderStorage(root.path), "nothing")
