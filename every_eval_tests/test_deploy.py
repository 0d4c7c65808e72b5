"""What is there to be copied can be read by what it is for."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from every_eval.orchestration.limits import INGESTS_TAG

DEPLOY = Path(__file__).parents[1] / "deploy"
FILES = sorted(DEPLOY.rglob("*.yaml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(DEPLOY).as_posix())
def test_every_file_is_yaml_and_every_folder_says_when_to_choose_it(path: Path) -> None:
    assert load(path)
    assert "Choose this" in (path.parent / "README.md").read_text()


def test_dagster_starts_with_the_settings_for_one_machine(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "one_machine" / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.tag_concurrency_limits == [{"key": INGESTS_TAG, "value": "true", "limit": 1}]


def test_one_and_several_machines_differ_in_storage_and_numbers_alone() -> None:
    one, several = (load(DEPLOY / name / "dagster.yaml") for name in ("one_machine", "several_machines"))
    assert set(several) - set(one) == {"storage"}
    assert {name for name in one if one[name] != several[name]} == {"concurrency"}


def test_kubernetes_lets_one_run_ingest_at_a_time() -> None:
    queue = load(DEPLOY / "kubernetes" / "values.yaml")["dagsterDaemon"]["runCoordinator"]["config"]
    assert queue["queuedRunCoordinator"]["tagConcurrencyLimits"] == [{"key": INGESTS_TAG, "value": "true", "limit": 1}]
