"""HELM and lm-evaluation-harness in one deployment: both are published, and neither changes files of the other."""

import json
import math
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration.jobs import DAILY, WEEKLY
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment, changed
from every_eval_tests.sources.eval_harness.output import AGAIN, FIRST, Output
from every_eval_tests.storage.bucket_server import BucketServer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mmlu_alone")]

ROOT = "EVERY_EVAL_EVAL_HARNESS_ROOT"
TASK = "wikitext_local"
NEWER = FIRST.replace("04-28-47", "09-00-00")


def options(**config: Any) -> dict[str, Any]:
    return {"ops": {"discover": {"config": config}}}


def scoring(source: str) -> dict[str, Any]:
    return {"ops": {"comprehensive_stats": {"config": {"source_name": source}}}}


def evaluate_again(output: Output) -> float:
    """The evaluation of wikitext once more, an hour later, every log-likelihood halved; the new perplexity."""
    content, rows = output.results(FIRST), output.rows(FIRST, TASK)
    for row in rows:
        for metric in row["metrics"]:
            row[metric][0] /= 2
    # exp(-S / T): half the log-likelihood is the root of the perplexity
    score = math.sqrt(content["results"][TASK]["word_perplexity,none"])
    content["date"] += 3600
    content["results"][TASK] = {"alias": TASK, "word_perplexity,none": score}
    output.write(NEWER, content)
    output.file(NEWER, TASK).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return score


def is_of_helm(path: str) -> bool:
    return "helm" in path


def failure(result: dg.ExecuteInProcessResult) -> str:
    return "".join(str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure)


def test_rows_of_both_sources_arrive_once_each_under_its_own_run(deployment: Deployment, output: Output) -> None:
    assert deployment.launch("refresh").success
    files = [
        (f"{path.parent.relative_to(output.path).as_posix()}/{path.name.rpartition('_')[2]}", path)
        for path in output.path.rglob("samples_*.jsonl")
    ]
    written = Counter(
        (stamp.removesuffix(".jsonl"), path.name.removeprefix("samples_").rpartition("_")[0])
        for stamp, path in files
        for _ in path.read_text().splitlines()
    )
    rows = deployment.table("data/eval_harness_*/*.parquet").to_pylist()
    assert written == Counter(
        (f"{row['source_url']}/{row['suite'].rpartition('_')[2]}", row["dataset_name"]) for row in rows
    )
    assert {row["source"] for row in deployment.table("data/helm_*/*.parquet").to_pylist()} == {"helm"}
    assert {row["source"] for row in rows} == {"eval_harness"}
    for source in ("helm", "eval_harness"):
        shards = {Path(path).stem for path in deployment.paths() if path.startswith(f"data/{source}_")}
        assert set(deployment.instance.get_dynamic_partitions(f"{source}_shards")) == shards
        for table in ("samples", "metrics", "stats"):
            assert deployment.instance.get_materialized_partitions(dg.AssetKey([source, table])) == shards


def test_a_second_refresh_of_both_changes_no_byte_and_makes_no_commit(deployment: Deployment, output: Output) -> None:
    assert deployment.launch("refresh").success
    before = {repo: (deployment.paths(repo), deployment.commits(repo)) for repo in (DATA, SCORES)}
    assert deployment.launch("refresh").success
    assert before == {repo: (deployment.paths(repo), deployment.commits(repo)) for repo in before}
    assert output.path.exists()


def test_another_machine_and_another_root_give_the_same_rows(
    deployment: Deployment, output: Output, tmp_path: Path
) -> None:
    deployment.environment.setenv("SOURCE_DATE_EPOCH", "1795150000")
    assert deployment.launch("refresh").success
    before = [deployment.paths(repo) for repo in (DATA, SCORES)]
    deployment.environment.setenv(ROOT, str(output.path.rename(tmp_path / "moved")))
    deployment.hub = tmp_path / "another"
    deployment.environment.setenv("EVERY_EVAL_HUB", str(deployment.hub))
    assert deployment.launch("refresh").success
    assert before == [deployment.paths(repo) for repo in (DATA, SCORES)]


def test_a_bucket_over_http_gives_the_same_rows_as_a_folder(
    deployment: Deployment, output: Output, tmp_path: Path
) -> None:
    assert deployment.launch(WEEKLY, options(sources=["eval_harness"])).success
    before = deployment.paths()
    deployment.hub = tmp_path / "another"
    deployment.environment.setenv("EVERY_EVAL_HUB", str(deployment.hub))
    files = (path for path in output.path.rglob("*") if path.is_file())
    objects = {path.relative_to(output.path).as_posix(): path.read_bytes() for path in files}
    with BucketServer(objects) as server:
        deployment.environment.setenv(ROOT, server.root_url)
        deployment.environment.setenv("EVERY_EVAL_EVAL_HARNESS_LISTING", server.listing_url)
        assert deployment.launch(WEEKLY, options(sources=["eval_harness"])).success
    # The catalog keeps what each storage says of its files, and the index files spare a bucket requests.
    assert {path.split("/")[0] for path in changed(before, deployment.paths())} == {"catalog", "index_files"}


def test_an_evaluation_repeated_is_a_new_run_that_takes_the_earlier_ones_place(
    deployment: Deployment, output: Output
) -> None:
    assert deployment.launch("refresh").success
    before = {repo: deployment.paths(repo) for repo in (DATA, SCORES)}
    score = evaluate_again(output)
    assert deployment.launch(WEEKLY).success
    new = changed(before[DATA], deployment.paths())
    assert not list(filter(is_of_helm, new))
    assert {path.split("/")[0] for path in new} == {
        *("data", "metrics", "stats", "item_scores", "catalog", "releases", "shards", "README.md")
    }
    relabelled = new & {path for path in before[DATA] if path.startswith(("data/", "metrics/", "stats/"))}
    assert {path.partition("_part")[0] for path in relabelled} == {
        f"{table}/eval_harness_main/eval_harness_main" for table in ("data", "stats")
    }
    suites = {row["suite"] for row in deployment.table("data/*/*.parquet").to_pylist() if row["dataset_name"] == TASK}
    assert suites == {FIRST, AGAIN, NEWER}
    assert deployment.launch(DAILY, scoring("eval_harness")).success
    scores = changed(before[SCORES], deployment.paths(SCORES))
    assert not list(filter(is_of_helm, scores))
    assert {path for path in scores if "eval_harness" not in path} <= {"README.md"}
    kept = {path for path in before[SCORES] if path.startswith("comprehensive_stats_")}
    assert kept < deployment.paths(SCORES).keys()
    rows = deployment.table("latest/comprehensive_stats_eval_harness.parquet", SCORES).to_pylist()
    (row,) = (row for row in rows if row["dataset_name"] == TASK and row["metric_name"] == "word_perplexity,none")
    assert row["suite"] == NEWER
    assert row["mean_score"] == pytest.approx(score, rel=1e-9)


@pytest.mark.parametrize("source", ["helm", "eval_harness"])
def test_one_source_is_ingested_and_scored_alone(deployment: Deployment, output: Output, source: str) -> None:
    assert output.path.exists()
    assert deployment.launch(WEEKLY, options(sources=[source])).success
    assert {path.split("/")[1].startswith(f"{source}_") for path in deployment.paths() if "/" in path} == {True}
    assert deployment.launch(DAILY, scoring(source)).success
    others = [path for path in deployment.paths(SCORES) if source not in path]
    assert sorted(others) == ["README.md", "latest/cross_source.parquet", "latest/identities.parquet"]


def test_without_a_root_the_second_source_is_left_out_and_the_log_says_why(
    deployment: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    assert deployment.launch("refresh").success
    assert f"eval_harness is left out: {ROOT} is not set" in capfd.readouterr().err
    assert not [path for repo in (DATA, SCORES) for path in deployment.paths(repo) if "eval_harness" in path]


def test_a_source_that_is_asked_for_and_has_no_root_fails_and_names_the_setting(deployment: Deployment) -> None:
    result = deployment.launch(WEEKLY, options(sources=["helm", "eval_harness"]))
    assert f"set {ROOT}" in failure(result)
    assert deployment.table("data/*/*.parquet").num_rows


def test_a_root_without_any_folder_is_an_error(deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    deployment.environment.setenv(ROOT, str(tmp_path / "empty"))
    assert f"{ROOT}='{tmp_path / 'empty'}' is empty" in failure(deployment.launch(WEEKLY))


def test_named_benchmarks_are_taken_from_whichever_source_has_them(deployment: Deployment, output: Output) -> None:
    assert output.path.exists()
    assert deployment.launch(WEEKLY, options(benchmarks=["mmlu", "main"])).success
    folders = {path.split("/")[1] for path in deployment.paths() if path.startswith("data/")}
    assert folders == {"helm_mmlu", "eval_harness_main"}
    assert "nowhere" in failure(deployment.launch(WEEKLY, options(benchmarks=["nowhere"])))


def test_a_model_that_both_measured_stands_in_one_row_with_the_scores_of_each(
    deployment: Deployment, output: Output
) -> None:
    for file in output.path.rglob("results_*.json"):
        file.write_text(file.read_text().replace("meta-llama/Llama-2-7b-hf", "01-ai/Yi-34B"))
    assert deployment.launch("refresh").success
    (row,) = deployment.table("latest/cross_source.parquet", SCORES).to_pylist()
    assert (row["model_id"], row["match_rule"]) == ("01-ai/yi-34b", "same_but_for_case")
    boards = {
        source: deployment.table(f"latest/leaderboard_{source}.parquet", SCORES).to_pylist()
        for source in ("eval_harness", "helm")
    }
    found = [(one["source"], one["benchmark"], one["mean_win_rate"], one["mean_score"]) for one in row["standings"]]
    assert found == [
        (source, one["benchmark"], one["mean_win_rate"], one["mean_score"])
        for source, board in boards.items()
        for one in sorted(board, key=lambda one: (one["benchmark"], one["model_name"], one["model_deployment"]))
        if one["model_name"].lower() == "01-ai/yi-34b"
    ]
    assert {one["source"] for one in row["standings"]} == {"helm", "eval_harness"}


@pytest.mark.parametrize("is_configured", [False, True])
def test_the_daily_schedule_launches_a_run_for_each_source_that_is_configured(
    deployment: Deployment, tmp_path: Path, is_configured: bool
) -> None:
    definitions = build_definitions()
    if is_configured:
        deployment.environment.setenv(ROOT, str(tmp_path))
    schedule = next(one for one in definitions.schedules or [] if one.name == f"{DAILY}_schedule")
    assert isinstance(schedule, dg.ScheduleDefinition)
    resources = {key: dict(definitions.resources or {})[key] for key in schedule.required_resource_keys}
    moment = datetime(2026, 3, 29, 6, tzinfo=UTC)
    with dg.build_schedule_context(
        deployment.instance, scheduled_execution_time=moment, resources=resources
    ) as context:
        requests = schedule.evaluate_tick(context).run_requests or []
    launched = [request.run_config for request in requests]
    assert launched == [scoring("helm"), *([scoring("eval_harness")] if is_configured else [])]
