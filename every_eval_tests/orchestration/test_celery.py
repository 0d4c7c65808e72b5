"""Several machines, rehearsed on one: a worker that dies in the middle of a step loses and doubles nothing."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from every_eval_tests.orchestration.deployment import Deployment

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mmlu_alone")]

SCRIPT = Path(__file__).parents[2] / "deploy" / "several_machines" / "rehearse.py"
MODULES = ("dagster_celery", "dagster_postgres", "redis")


def missing() -> list[str]:
    """What is not installed of that which the rehearsal starts."""
    packages = [name for name in MODULES if importlib.util.find_spec(name) is None]
    servers = [] if shutil.which("redis-server") else ["redis-server"]
    is_there = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return packages + servers + ([] if is_there else ["postgresql"])


@pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")
def test_two_workers_of_which_one_is_killed_publish_what_one_process_does(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.environment.setenv("EVERY_EVAL_SHARD_BYTES", "400000")
    assert deployment.launch("weekly_data_processing").success
    alone = deployment.paths()
    command = [sys.executable, "-W", "ignore", str(SCRIPT), str(tmp_path / "cluster"), "--batch-shards=8", "--kill"]
    settings = {**os.environ, "EVERY_EVAL_REDELIVERY_SECONDS": "10"}
    done = subprocess.run(command, check=False, text=True, capture_output=True, env=settings)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["status"] == "SUCCESS"
    assert set(report["steps"]) == {"worker_1", "worker_2"}
    assert report["killed"]["step"] in report["taken_twice"]
    deployment.hub = tmp_path / "cluster" / "hub"
    assert deployment.paths() == alone
