"""Checks of what is published: wrong numbers are published beside ours, are named, and fail the run."""

import io
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.definitions import build_definitions
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, publish
from every_eval.sources.helm.source import HelmSource
from every_eval_tests.helm_root import edit
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment
from every_eval_tests.orchestration.online import failures
from every_eval_tests.sources.eval_harness.output import Output

pytestmark = pytest.mark.slow

RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"
CHECKED = "ASSET_CHECK_EVALUATION"


def evaluations(deployment: Deployment, result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    events = [entry.dagster_event for entry in deployment.instance.all_logs(result.run_id)]
    found = [one.asset_check_evaluation_data for one in events if one and one.event_type_value == CHECKED]
    return {(one.asset_key.to_user_string(), one.check_name): one.passed for one in found}


def shard_evaluations(deployment: Deployment, result: dg.ExecuteInProcessResult) -> dict[tuple[str, str, str], bool]:
    """Results of the partitioned checks, by asset, check and shard."""
    events = [entry.dagster_event for entry in deployment.instance.all_logs(result.run_id)]
    found = [one.asset_check_evaluation_data for one in events if one and one.event_type_value == CHECKED]
    return {
        (one.asset_key.to_user_string(), one.check_name, one.partition): one.passed for one in found if one.partition
    }


def shard_of(deployment: Deployment, run: str) -> str:
    """The shard that holds a run."""
    rows = deployment.table("catalog/*.parquet").to_pylist()
    return next(str(row["shard"]) for row in rows if row["run"] == run)


def test_every_check_passes_on_results_that_agree(deployment: Deployment) -> None:
    result = deployment.launch("refresh")
    assert result.success
    checks = evaluations(deployment, result)
    assert all(checks.values())
    assert ("helm/tables", "published") in checks
    assert ("helm/stats", "reported") in checks
    keys = build_definitions([HelmSource()]).resolve_asset_graph().asset_check_keys
    checked = {key.asset_key.to_user_string() for key in keys} - {"page"}  # These deployments have no page.
    assert {asset for asset, _ in checks} == checked
    shards = set(deployment.instance.get_dynamic_partitions("helm_shards"))
    of_shards = shard_evaluations(deployment, result)
    for asset, check in (("helm/samples", "shard_contract"), ("helm/stats", "shard_reported")):
        assert {shard for (*found, shard) in of_shards if found == [asset, check]} == shards


def test_a_wrong_statistic_is_named_and_published_beside_ours(deployment: Deployment) -> None:
    def plant(stats: list[dict[str, Any]]) -> list[dict[str, Any]]:
        stat = next(stat for stat in stats if stat["name"]["name"] == "exact_match")
        return [one | ({"sum": 0.125, "mean": 0.125} if one is stat else {}) for one in stats]

    edit(deployment.root.run("mmlu", "v1.0.0", RUN) / "stats.json", plant)
    result = deployment.launch("refresh")
    assert not result.success
    assert RUN in failures(result)
    assert "0.125" in failures(result)
    assert evaluations(deployment, result)["helm/stats", "reported"] is False
    of_shards = shard_evaluations(deployment, result)
    wrong = {shard for (asset, check, shard), passed in of_shards.items() if check == "shard_reported" and not passed}
    assert wrong == {shard_of(deployment, RUN)}
    rows = deployment.table("stats/helm_mmlu/*.parquet").to_pylist()
    planted = [row for row in rows if row["run"] == RUN and row["reported_mean"] == 0.125]
    assert len(planted) == 1
    assert planted[0]["mean"] != 0.125


def test_the_check_over_all_shards_is_red_and_the_run_fails_as_long_as_a_wrong_statistic_is_published(
    deployment: Deployment,
) -> None:
    file = deployment.root.run("mmlu", "v1.0.0", RUN) / "stats.json"
    right = file.read_text()
    edit(file, lambda stats: [one | {"sum": 0.125, "mean": 0.125} for one in stats])
    assert not deployment.launch("weekly_data_processing").success
    again = deployment.launch("weekly_data_processing")
    assert not again.success
    assert RUN in failures(again)
    assert evaluations(deployment, again)["helm/stats", "reported"] is False
    other = next(shard for shard in deployment.instance.get_dynamic_partitions("helm_shards") if "lite" in shard)
    result = deployment.materialize("helm/stats", partition_key=other)
    assert RUN in failures(result)
    assert evaluations(deployment, result)["helm/stats", "reported"] is False
    assert shard_evaluations(deployment, result)["helm/stats", "shard_reported", other] is True
    file.write_text(right)
    mended = deployment.launch("weekly_data_processing")
    assert mended.success
    assert evaluations(deployment, mended)["helm/stats", "reported"] is True


def test_rejects_are_a_warning_over_all_published_shards_also_when_another_shard_is_materialised(
    deployment: Deployment,
) -> None:
    file = deployment.root.run("mmlu", "v1.0.0", RUN) / "per_instance_stats.json"
    file.write_text(file.read_text()[:-50])
    deployment.launch("weekly_data_processing")
    other = next(shard for shard in deployment.instance.get_dynamic_partitions("helm_shards") if "lite" in shard)
    result = deployment.materialize("helm/samples", partition_key=other)
    assert result.success
    assert evaluations(deployment, result)["helm/rejects", "rejects"] is False
    assert shard_evaluations(deployment, result)["helm/rejects", "shard_rejects", other] is True


def test_a_source_whose_tables_are_wrong_stays_red_when_another_source_is_scored(
    deployment: Deployment, output: Output
) -> None:
    def plant(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        cell = next(cell for cell in tables[0]["rows"][0][1:] if isinstance(cell.get("value"), float))
        cell["value"] = 0.987654
        return tables

    assert output.path.exists()
    edit(deployment.root.output("lite") / "releases" / "v1.1.0" / "groups" / "core_scenarios.json", plant)
    assert not deployment.launch("refresh").success
    board = deployment.metadata("helm/leaderboard")
    other = {"ops": {"comprehensive_stats": {"config": {"source_name": "eval_harness"}}}}
    result = deployment.launch("daily_comprehensive_stats", other)
    assert result.success
    checked = {asset.partition("/")[0] for asset, _ in evaluations(deployment, result)}
    assert checked == {"eval_harness", "cross_source", "identities"}
    assert deployment.metadata("helm/leaderboard") == board
    assert {
        row["source"] for row in deployment.table("latest/leaderboard_eval_harness.parquet", SCORES).to_pylist()
    } == {"eval_harness"}


def test_files_of_assets_without_a_step_are_read_again_by_their_checks(refreshed: Deployment) -> None:
    definitions = build_definitions()
    job = definitions.resolve_implicit_global_asset_job_def()
    keys = [
        dg.AssetCheckKey(dg.AssetKey(["helm", "shards"]), "contract"),
        dg.AssetCheckKey(dg.AssetKey("cross_source"), "contract"),
    ]
    for passes in (True, False):
        result = job.get_subset(asset_check_selection=set(keys)).execute_in_process(instance=refreshed.instance)
        assert {one.asset_check_key: one.passed for one in result.get_asset_check_evaluations()} == {
            keys[0]: passes,
            keys[1]: True,
        }
        table = refreshed.table("shards/helm_mmlu.parquet")
        commit_table(refreshed, table.set_column(5, "n_samples", pa.array([-1] * table.num_rows, pa.int64())))


def commit_table(deployment: Deployment, table: pa.Table) -> None:
    """Put another index of shards into the Hub."""
    file = io.BytesIO()
    pq.write_table(table, file)
    hub = FolderHub(deployment.hub, lambda: NOON)
    publish(hub, DATA, "Break", lambda _: [Add("shards/helm_mmlu.parquet", file.getvalue())])


def test_a_wrong_value_of_a_single_output_is_named(deployment: Deployment) -> None:
    def plant(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        stat = next(stat for stat in entries[0]["stats"] if stat["name"]["name"] == "num_output_tokens")
        stat["sum"] += 7
        return entries

    edit(deployment.root.run("mmlu", "v1.0.0", RUN) / "per_instance_stats.json", plant)
    result = deployment.launch("weekly_data_processing")
    assert not result.success
    assert "num_output_tokens" in failures(result)


def test_tables_of_a_release_that_is_ingested_in_part_are_not_held_against_it(deployment: Deployment) -> None:
    config = {"ops": {"discover": {"config": {"benchmarks": ["mmlu"], "max_runs": 3}}}}
    assert deployment.launch("weekly_data_processing", config).success
    assert deployment.launch("daily_comprehensive_stats").success
    tables = deployment.table("latest/helm_tables.parquet", SCORES)
    assert set(tables["is_recomputed"].to_pylist()) == {False}
    assert tables["value"].null_count == tables.num_rows
    assert tables["published_value"].null_count < tables.num_rows


@pytest.mark.parametrize("job", ["refresh", "daily_comprehensive_stats"])
def test_a_wrong_cell_of_a_published_table_is_named_as_long_as_it_is_wrong(deployment: Deployment, job: str) -> None:
    def plant(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        cell = next(cell for cell in tables[0]["rows"][0][1:] if isinstance(cell.get("value"), float))
        cell["value"] = 0.987654
        return tables

    edit(deployment.root.output("lite") / "releases" / "v1.1.0" / "groups" / "core_scenarios.json", plant)
    assert deployment.launch("weekly_data_processing").success
    for _ in range(2):
        result = deployment.launch(job)
        assert not result.success
        assert evaluations(deployment, result)["helm/tables", "published"] is False
        assert "core_scenarios" in failures(result)
        assert "0.987654" in failures(result)
    tables = deployment.table("latest/helm_tables.parquet", SCORES).to_pylist()
    planted = [row for row in tables if row["published_value"] == 0.987654]
    assert len(planted) == 1
    assert planted[0]["value"] != 0.987654
