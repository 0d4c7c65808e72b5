"""The export in the UI: the same files as by the command, at no job's expense."""

from pathlib import Path

import pytest

from every_eval.definitions import build_definitions
from every_eval.export.__main__ import main
from every_eval_tests.orchestration.deployment import Deployment


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("mmlu_alone")
def test_the_asset_writes_what_the_command_writes(deployment: Deployment, tmp_path: Path) -> None:
    assert deployment.launch("weekly_data_processing").success
    options = {"out": str(tmp_path / "asset"), "benchmark": "mmlu", "samples": True}
    done = deployment.materialize("helm/eee", run_config={"ops": {"helm__eee": {"config": options}}})
    assert done.success
    assert main(["eee", "--out", str(tmp_path / "command"), "--benchmark", "mmlu", "--samples"]) == 0
    assert contents(tmp_path / "asset") == contents(tmp_path / "command")
    metadata = deployment.metadata("helm/eee")
    n_files = len(list((tmp_path / "asset").rglob("*_samples.jsonl")))
    assert metadata["records"] == metadata["runs"] == metadata["changed"] == n_files
    assert metadata["location"] == str(tmp_path / "asset")


def test_nothing_published_fails_and_says_what_to_check(deployment: Deployment, tmp_path: Path) -> None:
    config = {"ops": {"helm__eee": {"config": {"out": str(tmp_path / "out")}}}}
    done = deployment.materialize("helm/eee", run_config=config)
    [failure] = done.get_step_failure_events()
    data = failure.step_failure_data.user_failure_data
    assert data is not None
    assert "have no files in" in str(data.description)


def test_no_job_exports() -> None:
    for job in build_definitions().jobs or []:
        assert "eee" not in str(sorted(node.name for node in job.graph.node_defs))  # type: ignore[union-attr]
