"""Fixtures of the jobs' tests: servers, and the output of a second source."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from socket import create_server, socket

import pytest
from huggingface_hub import constants

from every_eval_tests.hub.hub_server import serving
from every_eval_tests.orchestration.deployment import Deployment
from every_eval_tests.orchestration.online import NOON, Online, now
from every_eval_tests.sources.eval_harness.output import Output

N_CUT = 4
"""Rows of the fixture's samples files that were cut off: these files do not give the reported statistics."""


@pytest.fixture
def silent_server() -> Iterator[socket]:
    """A server that accepts connections and never answers."""
    with closing(create_server(("127.0.0.1", 0))) as server:
        yield server


@pytest.fixture
def online(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    """An empty Hub server, and a machine that never waits; large files are uploaded by plain LFS."""
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON))
    with serving(now) as server, ExitStack() as machines:
        made = Online(server, deployment, tmp_path, machines)
        made.move(tmp_path / "machine")
        yield made


@pytest.fixture
def output(deployment: Deployment, tmp_path: Path) -> Output:
    """Output of lm-eval as the deployment's second source, without the files that were cut off."""
    output = Output.unpack(tmp_path / "harness")
    for file in output.path.rglob("samples_*.jsonl"):
        if len(file.read_text().splitlines()) == N_CUT:
            file.unlink()
    deployment.environment.setenv("EVERY_EVAL_EVAL_HARNESS_ROOT", str(output.path))
    return output
