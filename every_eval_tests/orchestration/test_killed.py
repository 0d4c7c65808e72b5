"""A run that dies at any moment: the next run completes it, with the same bytes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from every_eval_tests.helm_root import HelmRoot

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mmlu_alone")]

LAUNCH = """
import os, sys
from pathlib import Path

hub, limit = os.environ["EVERY_EVAL_HUB"], int(os.environ["DIE_AFTER"])
steps = 0

def step(event, args):
    global steps
    if event in ("open", "os.rename", "os.link", "os.remove", "os.mkdir") and hub in str(args[0]):
        steps += 1
        if steps == limit:
            os._exit(9)

sys.addaudithook(step)
from dagster import DagsterInstance
from every_eval.definitions import build_definitions

with DagsterInstance.get() as instance:
    result = build_definitions().resolve_job_def("refresh").execute_in_process(instance=instance, raise_on_error=False)
Path(os.environ["STEPS"]).write_text(str(steps))
sys.exit(not result.success)
"""


def launch(folder: Path, root: Path, die_after: int) -> int:
    (folder / "dagster").mkdir(parents=True, exist_ok=True)
    settings: Mapping[str, str] = {
        "DAGSTER_HOME": str(folder / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "EVERY_EVAL_HUB": str(folder / "hub"),
        "EVERY_EVAL_HELM_ROOT": str(root),
        "EVERY_EVAL_SHARD_BYTES": "4000000",
        "SOURCE_DATE_EPOCH": "1795150000",
        "DIE_AFTER": str(die_after),
        "STEPS": str(folder / "steps"),
    }
    command = [sys.executable, "-W", "ignore", "-c", LAUNCH]
    return subprocess.run(command, env={**os.environ, **settings}, check=False, capture_output=True).returncode


def published(folder: Path) -> dict[str, bytes]:
    files = (path for path in (folder / "hub").rglob("*") if path.is_file() and ".every_eval" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_job_killed_again_and_again_ends_with_the_bytes_of_one_that_was_not(tmp_path: Path) -> None:
    root = HelmRoot.unpack(tmp_path / "root").path
    assert launch(tmp_path / "whole", root, 0) == 0
    n_steps = int((tmp_path / "whole" / "steps").read_text())
    assert n_steps > 100
    for share in (0.05, 0.2, 0.35, 0.5):
        assert launch(tmp_path / "killed", root, int(n_steps * share)) == 9
    assert launch(tmp_path / "killed", root, 0) == 0
    assert published(tmp_path / "killed") == published(tmp_path / "whole")
