"""Runs under the daemon, with the dagster.yaml that a deployment on one machine copies."""

import threading
from pathlib import Path

import dagster as dg
import pytest
import yaml

from every_eval.orchestration.jobs import WEEKLY
from every_eval_tests.orchestration.deployment import Deployment, changed
from every_eval_tests.orchestration.processes import daemon, launch
from every_eval_tests.orchestration.ui import wait_for
from every_eval_tests.storage.bucket_server import Answer, BucketServer

pytestmark = pytest.mark.slow

SETTINGS = Path(__file__).parents[2] / "deploy" / "one_machine" / "dagster.yaml"


def shards(deployment: Deployment, folder: str) -> set[str]:
    """Keys of the shards with a file in a folder of the data repo."""
    return {Path(path).stem.split("-")[0] for path in deployment.paths() if path.startswith(f"{folder}/")}


def test_a_run_past_its_limit_is_stopped_by_run_monitoring_and_the_next_one_completes_it(
    deployment: Deployment, tmp_path: Path
) -> None:
    stalled, released = threading.Event(), threading.Event()

    def stall(_: Answer) -> None:
        stalled.set()
        released.wait()

    objects = {
        path.relative_to(deployment.root.path).as_posix(): path.read_bytes()
        for path in deployment.root.path.rglob("*")
        if path.is_file()
    }
    settings = yaml.safe_load(SETTINGS.read_text())
    settings["run_monitoring"]["poll_interval_seconds"] = 1
    home = tmp_path / "watched"
    home.mkdir()
    with (
        BucketServer(objects) as server,
        dg.instance_for_test(settings, temp_dir=str(home), set_dagster_home=True) as deployment.instance,
    ):
        deployment.environment.setenv("EVERY_EVAL_HELM_ROOT", server.root_url)
        server.spoil("mmlu/benchmark_output/runs/*/per_instance_stats.json", stall)
        with daemon(tmp_path / "daemon.log"):
            launch()
            wait_for("the storage to fall silent in the middle", stalled.is_set)
            (run,) = deployment.instance.get_runs()
            deployment.instance.add_run_tags(run.run_id, {"dagster/max_runtime": "1"})
            wait_for("the end of the run", lambda: deployment.instance.get_runs()[0].is_finished)
            released.set()
        (run,) = deployment.instance.get_runs()
        assert run.status is dg.DagsterRunStatus.FAILURE
        said = [entry.message for entry in deployment.instance.all_logs(run.run_id)]
        assert any("Exceeded maximum runtime of 1 seconds" in message for message in said)
        published = shards(deployment, "stats")
        assert shards(deployment, "data") == published
        assert {key.rpartition("_part_")[0] for key in published} == {"helm_lite"}
        assert deployment.launch(WEEKLY).success
        completed = deployment.paths()
        deployment.hub = tmp_path / "whole"
        deployment.environment.setenv("EVERY_EVAL_HUB", str(deployment.hub))
        assert deployment.launch(WEEKLY).success
        assert changed(completed, deployment.paths()) == set()
