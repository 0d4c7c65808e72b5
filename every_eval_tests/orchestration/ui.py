"""The Dagster UI in a process of its own, started as the README says, and its GraphQL API."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server, socket
from typing import Any

import requests

from every_eval_tests.orchestration.processes import settings

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 180


def wait_for(what: str, look: Callable[[], Any], seconds: float = 0.3) -> Any:
    """Call `look` every so many seconds until it returns something, and return that."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(seconds)
    raise TimeoutError(what)


def is_listening(port: int) -> bool:
    with socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def dagster_dev(log: Path) -> Iterator[str]:
    """Run `dg dev` on a free port and yield its address; afterwards, check that its log has no error of ours."""
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with log.open("wb") as output:
        command = [str(Path(sys.executable).parent / "dg"), "dev", "--port", str(port)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True, env=settings()
        )
        try:
            wait_for("dg dev", lambda: is_listening(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)
    lines = log.read_text().splitlines()
    assert [line for line in lines if "every_eval" in line and ("Warning" in line or "ERROR" in line)] == []


@dataclass(frozen=True)
class Api:
    """The GraphQL API that the pages of the UI call."""

    address: str

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the only field of the answer, which must be no error."""
        answer = requests.post(f"{self.address}/graphql", json={"query": query, "variables": variables}, timeout=60)
        content = answer.json()
        assert "errors" not in content, content
        (field,) = content["data"].values()
        assert "message" not in field, field
        return field
