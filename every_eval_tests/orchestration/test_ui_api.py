"""Shards in the UI, through the API that its pages call: retry, backfill, and the state of partitions."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.orchestration.deployment import Deployment, changed, dagster_instance
from every_eval_tests.orchestration.ui import Api, dagster_dev, wait_for

pytestmark = pytest.mark.slow

TABLES = [["helm", name] for name in ("samples", "metrics", "stats")]
KEYS = [{"path": path} for path in TABLES]
PLACE = {"repositoryLocationName": "every_eval", "repositoryName": "__repository__"}
LAUNCH = """mutation ($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
  ... on LaunchRunSuccess { run { id } } ... on Error { message } } }"""
AGAIN = """mutation ($params: ReexecutionParams!) { launchPipelineReexecution(reexecutionParams: $params) {
  ... on LaunchRunSuccess { run { id } } ... on Error { message } } }"""
BACKFILL = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  ... on LaunchBackfillSuccess { backfillId } ... on Error { message } } }"""
PARTITIONS = """query ($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) { ... on AssetNode { assetPartitionStatuses {
    ... on DefaultPartitionStatuses { materializedPartitions unmaterializedPartitions } } } } }"""
BACKFILLED = """query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { runs(limit: 9) { id } } } }"""


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The bundled sample in a folder, and a Dagster instance whose events the UI's process reads from files."""
    with dagster_instance(tmp_path / "dagster") as instance:
        yield Deployment(HelmRoot.unpack(tmp_path / "root"), tmp_path / "hub", instance, monkeypatch)


@pytest.fixture
def api(deployment: Deployment, tmp_path: Path) -> Iterator[Api]:
    deployment.environment.delenv("EVERY_EVAL_EVAL_HARNESS_ROOT", raising=False)
    with dagster_dev(tmp_path / "dagster_dev.log") as address:
        yield Api(address)


def ended(deployment: Deployment, run_id: str) -> dg.DagsterRun:
    """A run as it is when it has ended."""

    def look() -> dg.DagsterRun | None:
        run = deployment.instance.get_run_by_id(run_id)
        return run if run is not None and run.is_finished else None

    run: dg.DagsterRun = wait_for("the end of a run", look)
    return run


def materialise(api: Api, keys: list[dict[str, list[str]]], partition: str | None = None) -> str:
    """The button of an asset's page: the id of the run."""
    tags = [] if partition is None else [{"key": "dagster/partition", "value": partition}]
    selector = PLACE | {"pipelineName": "__ASSET_JOB", "assetSelection": keys}
    params = {"mode": "default", "selector": selector, "executionMetadata": {"tags": tags}, "runConfigData": {}}
    return str(api.ask(LAUNCH, params=params)["run"]["id"])


def backfill(deployment: Deployment, api: Api, partitions: list[str]) -> None:
    """The dialogue of a partitioned asset's page: all of them are one run."""
    made = api.ask(BACKFILL, params={"assetSelection": KEYS, "partitionNames": partitions})
    (run,) = wait_for("the run of a backfill", lambda: api.ask(BACKFILLED, id=made["backfillId"])["runs"])
    assert ended(deployment, run["id"]).status is dg.DagsterRunStatus.SUCCESS


def partitions(api: Api) -> tuple[list[str], list[str]]:
    """Shards that are there and shards that are missing, as the page of helm/stats counts them."""
    found = api.ask(PARTITIONS, key={"path": ["helm", "stats"]})["assetPartitionStatuses"]
    return found["materializedPartitions"], found["unmaterializedPartitions"]


def test_one_shard_is_retried_a_range_is_backfilled_and_then_the_missing_ones_alone(
    deployment: Deployment, api: Api
) -> None:
    first = "helm_lite_part_00001"
    deployment.instance.add_dynamic_partitions("helm_shards", [first])
    failed = ended(deployment, materialise(api, KEYS, first))
    assert failed.status is dg.DagsterRunStatus.FAILURE
    catalog = ended(deployment, materialise(api, [{"path": ["helm", "catalog"]}]))
    assert catalog.status is dg.DagsterRunStatus.SUCCESS
    again = api.ask(AGAIN, params={"parentRunId": failed.run_id, "strategy": "ALL_STEPS"})["run"]["id"]
    assert ended(deployment, again).status is dg.DagsterRunStatus.SUCCESS
    there, missing = partitions(api)
    assert there == [first]
    assert len(missing) > 3

    backfill(deployment, api, missing[:2])
    there, left = partitions(api)
    assert (set(there), set(left)) == ({first, *missing[:2]}, set(missing[2:]))

    before = deployment.paths()
    backfill(deployment, api, left)
    there, left = partitions(api)
    assert (set(there), left) == ({first, *missing}, [])
    made = {path for path in changed(before, deployment.paths()) if path.startswith(("data/", "stats/"))}
    assert {Path(path).stem.split("-")[0] for path in made} == set(missing[2:])
