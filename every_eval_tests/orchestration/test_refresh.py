import json
import shutil
from pathlib import Path

import dagster as dg
import pytest

from every_eval_tests.orchestration.deployment import DATA, IN_MEMORY, SCORES, Deployment, changed, dagster_instance

pytestmark = pytest.mark.slow

RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"


def stats_files(paths: set[str]) -> set[str]:
    return {path for path in paths if path.startswith("stats/")}


def test_every_prediction_and_every_metric_of_every_run_arrives_once(refreshed: Deployment) -> None:
    runs = refreshed.root.runs()
    predictions = [json.loads((run / "display_predictions.json").read_text()) for run in runs]
    metrics = [json.loads((run / "per_instance_stats.json").read_text()) for run in runs]
    assert refreshed.table("data/*/*.parquet").num_rows == sum(map(len, predictions))
    assert refreshed.table("metrics/*/*.parquet").num_rows == sum(
        len(entry["stats"]) for entries in metrics for entry in entries
    )
    catalog = refreshed.table("catalog/*.parquet").select(["benchmark", "suite", "run"]).to_pylist()
    assert sorted((row["benchmark"], row["suite"], row["run"]) for row in catalog) == sorted(
        (run.parts[-5], run.parts[-2], run.name) for run in runs
    )
    assert not [path for path in refreshed.paths() if path.startswith("rejects/")]


def test_a_second_refresh_changes_no_byte_and_makes_no_commit(refreshed: Deployment) -> None:
    before = {repo: (refreshed.paths(repo), refreshed.commits(repo)) for repo in ("evaleval/every_eval_ever", SCORES)}
    assert refreshed.launch("refresh").success
    assert before == {repo: (refreshed.paths(repo), refreshed.commits(repo)) for repo in before}


def test_a_lost_dagster_database_costs_nothing(refreshed: Deployment, tmp_path: Path) -> None:
    before, known = refreshed.paths(), refreshed.instance.get_dynamic_partitions("helm_shards")
    with dagster_instance(tmp_path / "another", IN_MEMORY) as instance:
        refreshed.instance = instance
        assert refreshed.launch("refresh").success
        assert refreshed.paths() == before
        assert sorted(instance.get_dynamic_partitions("helm_shards")) == sorted(known)
        for table in ("samples", "metrics", "stats"):
            assert instance.get_materialized_partitions(dg.AssetKey(["helm", table])) == set(known)


def test_a_new_run_makes_one_new_shard_and_the_daily_job_reads_only_that(refreshed: Deployment) -> None:
    before = refreshed.paths()
    refreshed.root.copy_run("mmlu", "v1.0.0", RUN, "v1.2.0", RUN)
    assert refreshed.launch("weekly_data_processing").success
    new = changed(before, refreshed.paths())
    shards = {Path(path).stem for path in new if path.startswith("data/")}
    assert len(shards) == 1
    assert shards.isdisjoint({Path(path).stem for path in before})
    assert {path.split("/")[0] for path in new} == {"data", "metrics", "stats", "catalog", "shards", "README.md"}
    assert refreshed.launch("daily_comprehensive_stats").success
    metadata = refreshed.metadata("helm/leaderboard")
    assert metadata["shards_read"] == 1
    assert metadata["shards_total"] == len(stats_files(set(refreshed.paths())))


def test_a_changed_run_makes_its_shard_again_in_place(refreshed: Deployment) -> None:
    before = refreshed.paths()
    folder = refreshed.root.run("mmlu", "v1.0.0", RUN)
    for file in ("stats.json", "per_instance_stats.json"):
        (folder / file).write_text(json.dumps(json.loads((folder / file).read_text())))
    assert refreshed.launch("weekly_data_processing").success
    new = changed(before, refreshed.paths())
    catalog = refreshed.table("catalog/helm_mmlu.parquet").to_pylist()
    shard = next(row["shard"] for row in catalog if row["run"] == RUN)
    others = {"catalog/helm_mmlu.parquet", "shards/helm_mmlu.parquet", "README.md"}
    assert all(path in others or shard in path for path in new)
    assert len(stats_files(new)) == 2
    assert len([path for path in refreshed.paths() if path.startswith(f"stats/helm_mmlu/{shard}-")]) == 1
    assert refreshed.launch("daily_comprehensive_stats").success
    assert refreshed.metadata("helm/leaderboard")["shards_read"] == 1


def test_a_release_without_a_new_run_gives_a_new_leaderboard(refreshed: Deployment) -> None:
    refreshed.root.add_release("lite", "v1.1.0", "v1.2.0")
    assert refreshed.launch("refresh").success
    board = refreshed.table("latest/leaderboard_helm.parquet", SCORES).to_pylist()
    assert {row["release"] for row in board if row["benchmark"] == "lite"} == {"v1.2.0"}
    # Samples name the releases that show their run, so that the shards of lite alone are published anew.
    shards = list((refreshed.hub / DATA / "stats" / "helm_lite").glob("*.parquet"))
    assert refreshed.metadata("helm/leaderboard")["shards_read"] == len(shards)


def test_forcing_changes_nothing_but_the_clock_columns(deployment: Deployment) -> None:
    deployment.environment.setenv("SOURCE_DATE_EPOCH", "1795150000")
    assert deployment.launch("refresh").success
    before = deployment.table("latest/comprehensive_stats_helm.parquet", SCORES)
    files = deployment.paths(SCORES)
    deployment.environment.setenv("SOURCE_DATE_EPOCH", "1795153600")
    config = {"ops": {"comprehensive_stats": {"config": {"force_regenerate": True}}}}
    assert deployment.launch("daily_comprehensive_stats", config).success
    after = deployment.table("latest/comprehensive_stats_helm.parquet", SCORES)
    clock = ["processed_at", "comprehensive_stats_generated_at", "data_freshness_hours"]
    assert before.drop_columns(clock).equals(after.drop_columns(clock))
    assert not before.equals(after)
    assert not [path for path in changed(files, deployment.paths(SCORES)) if path.startswith("state/")]


def test_a_poisoned_shard_fails_the_run_by_name_and_stops_nothing_else(refreshed: Deployment) -> None:
    before = refreshed.paths()
    refreshed.root.copy_run("mmlu", "v1.0.0", RUN, "v1.2.0", RUN)
    index = refreshed.root.output("lite") / "releases" / "v1.1.0" / "runs_to_run_suites.json"
    index.write_text(index.read_text()[:100])
    result = refreshed.launch("refresh")
    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert "runs_to_run_suites.json" in str(failure.step_failure_data.error)
    assert stats_files(changed(before, refreshed.paths()))
    assert refreshed.metadata("helm/leaderboard")["shards_read"] == 1


def test_a_benchmark_that_the_root_never_had_is_reported_and_no_fault(
    deployment: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(deployment.root.path / "lite")
    assert deployment.launch("refresh").success
    assert "lite/benchmark_output" in capfd.readouterr().err


def test_a_root_without_anything_fails_and_says_where_it_looked(deployment: Deployment) -> None:
    for benchmark in ("lite", "mmlu", "classic"):
        shutil.rmtree(deployment.root.path / benchmark)
    result = deployment.launch("weekly_data_processing")
    assert not result.success


def test_a_benchmark_that_empties_withdraws_nothing(refreshed: Deployment) -> None:
    before = refreshed.paths()
    shutil.rmtree(refreshed.root.path / "lite")
    assert not refreshed.launch("refresh").success
    assert refreshed.paths() == before


def test_options_limit_what_is_ingested(deployment: Deployment) -> None:
    config = {"ops": {"discover": {"config": {"benchmarks": ["mmlu"], "max_runs": 3}}}}
    assert deployment.launch("weekly_data_processing", config).success
    assert set(deployment.table("data/*/*.parquet")["benchmark"].to_pylist()) == {"mmlu"}
    assert len(set(deployment.table("data/*/*.parquet")["run"].to_pylist())) == 3
    assert deployment.launch("weekly_data_processing", config).success
    assert len({(row["suite"], row["run"]) for row in deployment.table("data/*/*.parquet").to_pylist()}) == 6
