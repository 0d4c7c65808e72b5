"""A deployment for one test: HELM output, a Hub, a Dagster instance, and the jobs as users launch them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.definitions import build_definitions
from every_eval_tests.helm_root import HelmRoot

DATA = "evaleval/every_eval_ever"
SCORES = "evaleval/every_eval_score_ever"
IN_MEMORY: Mapping[str, Any] = {
    "event_log_storage": {
        "module": "dagster._core.storage.event_log",
        "class": "InMemoryEventLogStorage",
        "config": {},
    }
}
"""Dagster's settings for events that no other process reads; a file for them takes half the time of a small job."""


@contextmanager
def dagster_instance(home: Path, settings: Mapping[str, Any] | None = None) -> Iterator[dg.DagsterInstance]:
    """Yield a Dagster instance whose files lie in `home`, which the environment names meanwhile."""
    home.mkdir(parents=True, exist_ok=True)
    with dg.instance_for_test(dict(settings or {}), temp_dir=str(home), set_dagster_home=True) as instance:
        yield instance


@dataclass
class Deployment:
    root: HelmRoot
    hub: Path
    instance: dg.DagsterInstance
    environment: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.environment.setenv("EVERY_EVAL_HELM_ROOT", str(self.root.path))
        self.environment.setenv("EVERY_EVAL_HUB", str(self.hub))
        self.environment.setenv("EVERY_EVAL_SHARD_BYTES", "4000000")
        self.environment.setenv("EVERY_EVAL_PAGE_REPO", "none")  # The tests of the page set a repo.

    def launch(self, job: str, config: dict[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        """Run a job to its end, whether it succeeds or fails."""
        definition = build_definitions().resolve_job_def(job)
        return definition.execute_in_process(instance=self.instance, run_config=config, raise_on_error=False)

    def materialize(self, assets: str | Sequence[str], **options: Any) -> dg.ExecuteInProcessResult:
        """Materialise assets as the UI does."""
        job = dg.define_asset_job("chosen", selection=assets)
        definitions = dg.Definitions.merge(build_definitions(), dg.Definitions(jobs=[job]))
        chosen = definitions.resolve_job_def("chosen")
        return chosen.execute_in_process(instance=self.instance, raise_on_error=False, **options)

    def paths(self, repo: str = DATA) -> dict[str, str]:
        """Return the digest of each visible file of a repo, by path."""
        folder = self.hub / repo
        files = (path for path in folder.rglob("*") if path.is_file() and ".every_eval" not in path.parts)
        return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def commits(self, repo: str = DATA) -> int:
        """Count the commits of a repo whose records the Hub still keeps."""
        return len(list((self.hub / repo / ".every_eval" / "commits").iterdir()))

    def table(self, pattern: str, repo: str = DATA) -> pa.Table:
        """Read the rows of every file of a repo that the pattern matches."""
        return pa.concat_tables(pq.read_table(path) for path in sorted((self.hub / repo).glob(pattern)))

    def metadata(self, key: str) -> dict[str, Any]:
        """Return the metadata of an asset's newest materialisation."""
        event = self.instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
        assert event is not None
        assert event.asset_materialization is not None
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return the paths that were added, removed or given other bytes."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
