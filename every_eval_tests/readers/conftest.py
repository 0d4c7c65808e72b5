"""Published repos for the readers, in a folder and on a Hub server that accepts no token."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from huggingface_hub import constants

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import write_table
from every_eval.contracts.rejects import REJECTS, Reason
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add
from every_eval.network.huggingface import session
from every_eval_tests.hub.commits import Blob, Commit
from every_eval_tests.hub.hub_server import HubServer, serving
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.orchestration.deployment import DATA, SCORES
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row


@dataclass
class Publisher:
    """Publishes files in both repos, an hour between two commits."""

    place: str
    """What a reader passes as hub."""
    scratch: Path
    commit: Callable[[str, str, bytes], str] = field(init=False)
    """Commits a file of a repo, and returns the commit."""
    moment: datetime = NOON

    def rank(self, *models: str) -> str:
        """Publish a leaderboard on which the models have the ranks 1, 2, …; return the commit."""
        rows = [row("lite", model, rank, n_rejected=0) for rank, model in enumerate(models, start=1)]
        return self.publish(SCORES, "latest/leaderboard_helm.parquet", board(*rows))

    def reject(self, number: int, *files: str, detail: str = "") -> str:
        """Publish the rejects of a shard, one for each file; return the commit."""
        constants = {"source": "helm", "benchmark": "lite", "suite": "v1", "run": "gsm:model=a", "detail": detail}
        rows = [constants | {"file": file, "reason": Reason.NOT_JSON} for file in files]
        table = pa.Table.from_pylist(rows, schema=REJECTS.schema)
        return self.publish(DATA, f"rejects/helm_lite/helm_lite_part_{number:05d}.parquet", table)

    def publish(self, repo: str, path: str, table: pa.Table) -> str:
        self.moment += timedelta(hours=1)
        contract = LEADERBOARD if repo == SCORES else REJECTS
        return self.commit(repo, path, write_table(contract, self.scratch / "table", table).read_bytes())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publisher:
    """Repos in a folder."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    publisher = Publisher(str(tmp_path / "hub"), tmp_path)
    hub = FolderHub(tmp_path / "hub", lambda: publisher.moment)

    def commit(repo: str, path: str, content: bytes) -> str:
        parent = hub.snapshot(repo).commit
        return str(hub.commit(repo, [Add(path, content)], title="Publish", parent=parent).commit)

    publisher.commit = commit
    return publisher


@contextmanager
def _online(tmp_path: Path) -> Iterator[tuple[Publisher, HubServer]]:
    publisher = Publisher("huggingface", tmp_path)
    with serving(lambda: publisher.moment) as server:
        for repo in (DATA, SCORES):
            server.repos[repo] = [Commit("initial commit", "", NOON, {}, None)]
        publisher.commit = lambda repo, path, content: server.commit(repo, "Publish", {path: Blob(content, True)}).id
        yield publisher, server


@pytest.fixture
def online(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Publisher, HubServer]]:
    """Repos on a Hub server, and the server."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(session, "_host_of", {})  # Other tests of this process have sent the token to other servers.
    with _online(tmp_path) as (publisher, server):
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield publisher, server


@pytest.fixture(params=["folder", "online"])
def publisher(request: pytest.FixtureRequest) -> Publisher:
    """Repos in a folder, and on a Hub server."""
    found = request.getfixturevalue(request.param)
    publisher: Publisher = found if request.param == "folder" else found[0]
    return publisher
