"""Jobs in processes of their own: by the `dagster` command, or by the daemon."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

from every_eval.orchestration.jobs import WEEKLY

DAGSTER = [sys.executable, "-W", "ignore", "-m"]
DEFINITIONS = ["-m", "every_eval.definitions"]


def settings(**more: str) -> dict[str, str]:
    """Return the environment of a process."""
    return {**os.environ, "DAGSTER_DISABLE_TELEMETRY": "yes", **more}


def execute(server: socket | None = None, tags: str = "{}") -> "subprocess.Popen[str]":
    """Start `dagster job execute` of the weekly job, which reads from a bucket on the server if there is one."""
    root = {} if server is None else {"EVERY_EVAL_HELM_ROOT": f"http://127.0.0.1:{server.getsockname()[1]}/bucket"}
    command = [*DAGSTER, "dagster", "job", "execute", *DEFINITIONS, "-j", WEEKLY, "--tags", tags]
    return subprocess.Popen(command, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=settings(**root))


@contextmanager
def daemon(log: Path, **more: str) -> Iterator[None]:
    """Run the daemon and everything that it starts, with their output in a log file."""
    with log.open("wb") as output:
        command = [*DAGSTER, "dagster._daemon", "run", *DEFINITIONS]
        process = subprocess.Popen(command, stdout=output, stderr=output, env=settings(**more), start_new_session=True)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def launch() -> None:
    """Put a run of the weekly job into the daemon's queue."""
    command = [*DAGSTER, "dagster", "job", "launch", *DEFINITIONS, "-j", WEEKLY]
    subprocess.run(command, check=True, capture_output=True, env=settings())
