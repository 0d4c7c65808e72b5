"""Checks that bite: numbers that do not follow from their outputs are published beside ours, and fail the run."""

from typing import Any

import dagster as dg
import pytest

from every_eval_tests.helm_root import edit
from every_eval_tests.orchestration.deployment import SCORES, Deployment

RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"
CHECKED = "ASSET_CHECK_EVALUATION"


def failures(result: dg.ExecuteInProcessResult) -> str:
    return "\n".join(str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure)


def evaluations(deployment: Deployment, result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    events = [entry.dagster_event for entry in deployment.instance.all_logs(result.run_id)]
    found = [one.asset_check_evaluation_data for one in events if one and one.event_type_value == CHECKED]
    return {(one.asset_key.to_user_string(), one.check_name): one.passed for one in found}


def test_every_check_passes_on_results_that_agree(deployment: Deployment) -> None:
    result = deployment.launch("refresh")
    assert result.success
    checks = evaluations(deployment, result)
    assert all(checks.values())
    assert ("leaderboard", "published") in checks
    assert ("helm/stats", "reported") in checks


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
    rows = deployment.table("stats/helm_mmlu/*.parquet").to_pylist()
    planted = [row for row in rows if row["run"] == RUN and row["reported_mean"] == 0.125]
    assert len(planted) == 1
    assert planted[0]["mean"] != 0.125


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
        assert evaluations(deployment, result)["leaderboard", "published"] is False
        assert "core_scenarios" in failures(result)
        assert "0.9877" in failures(result)
    tables = deployment.table("latest/helm_tables.parquet", SCORES).to_pylist()
    planted = [row for row in tables if row["published_value"] == 0.987654]
    assert len(planted) == 1
    assert planted[0]["value"] != 0.987654
