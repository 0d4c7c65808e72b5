"""Definitions with other sources than ours: a source made here is ingested and scored like every other source."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration.jobs import DAILY, REFRESH, WEEKLY
from every_eval.sources import SOURCES
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Source
from every_eval_tests.orchestration.deployment import IN_MEMORY, dagster_instance
from every_eval_tests.orchestration.online import failures
from every_eval_tests.orchestration.toy_source import ToySource

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mmlu_alone")]

SCORES = {"ada": {"q1": 1.0, "q2": 1.0}, "bob": {"q1": 1.0, "q2": 0.0}}
SCORING = {"ops": {"comprehensive_stats": {"config": {"source_name": "toy"}}}}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "toys" / "quiz"
    folder.mkdir(parents=True)
    for model, scores in SCORES.items():
        (folder / f"{model}.json").write_text(json.dumps(scores))
    monkeypatch.setenv("EVERY_EVAL_TOY_ROOT", str(tmp_path / "toys"))
    monkeypatch.setenv("EVERY_EVAL_HUB", str(tmp_path / "hub"))
    return tmp_path / "hub" / "evaleval"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dagster_instance(tmp_path / "dagster", IN_MEMORY) as instance:
        yield instance


def launch(instance: dg.DagsterInstance, job: str, *sources: Source, **options: object) -> dg.ExecuteInProcessResult:
    definition = build_definitions(sources).resolve_job_def(job)
    return definition.execute_in_process(instance=instance, raise_on_error=False, **options)  # type: ignore[arg-type]


def test_a_source_made_in_a_test_is_ingested_and_scored_end_to_end(instance: dg.DagsterInstance, hub: Path) -> None:
    assert launch(instance, WEEKLY, ToySource()).success
    assert launch(instance, DAILY, ToySource(), run_config=SCORING).success
    samples = pq.read_table(hub / "every_eval_ever" / "data" / "toy_quiz").to_pylist()
    assert {(row["run"], row["instance_id"], row["evaluation_score"]) for row in samples} == {
        (model, question, score) for model, scores in SCORES.items() for question, score in scores.items()
    }
    board = pq.read_table(hub / "every_eval_score_ever" / "latest" / "leaderboard_toy.parquet").to_pylist()
    assert [(row["model_name"], row["rank"], row["mean_score"]) for row in board] == [("ada", 1, 1.0), ("bob", 2, 0.5)]
    for table in ("catalog", "releases", "samples", "shards", "stats", "comprehensive_stats", "leaderboard"):
        assert instance.get_latest_materialization_event(dg.AssetKey(["toy", table])) is not None, table
    for repo in ("every_eval_ever", "every_eval_score_ever"):
        assert "toy" in (hub / repo / "README.md").read_text()


def test_a_source_beside_ours_is_scored_with_them_and_its_models_stand_beside_theirs(
    instance: dg.DagsterInstance, hub: Path
) -> None:
    quiz = hub.parents[1] / "toys" / "quiz"
    (quiz / "ada.json").rename(quiz / "claude-2.1.json")
    assert launch(instance, REFRESH, *SOURCES, ToySource()).success
    latest = {path.name for path in (hub / "every_eval_score_ever" / "latest").iterdir()}
    assert {"leaderboard_helm.parquet", "leaderboard_toy.parquet", "cross_source.parquet"} <= latest


def test_a_source_that_the_definitions_do_not_have_is_refused_by_name(instance: dg.DagsterInstance, hub: Path) -> None:
    assert hub
    result = launch(instance, DAILY, ToySource())
    assert "no source is called 'helm': use one of toy" in failures(result)


def test_each_source_has_a_resource_that_says_where_its_results_come_from() -> None:
    definitions = build_definitions([HelmSource(), ToySource()])
    assert set(definitions.resources or {}) == {"hub", "helm", "toy", "ingestion_lock", "alerts"}
    variables = {"hub": "HUB", "helm": "HELM_ROOT", "toy": "TOY_ROOT", "alerts": "ALERT_WEBHOOK"}
    for key, variable in variables.items():
        resource = (definitions.resources or {})[key]
        assert f"$EVERY_EVAL_{variable}" in str(resource.get_resource_definition().description)
