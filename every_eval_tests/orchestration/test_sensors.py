"""Sensors launch one run for each change, and say why they launched none."""

from typing import Any

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration.ingestion_lock import INGESTS_TAG
from every_eval.orchestration.jobs import DAILY, WEEKLY
from every_eval_tests.helm_root import edit
from every_eval_tests.orchestration.deployment import Deployment
from every_eval_tests.sources.eval_harness.output import FIRST, Output

pytestmark = pytest.mark.slow

RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"
UPSTREAM, PUBLISHED = "helm_upstream_sensor", "helm_published_sensor"


class Watch:
    """One sensor, looked at again and again as the daemon does, its cursor kept."""

    def __init__(self, deployment: Deployment, name: str) -> None:
        self.definitions = build_definitions()
        found = [one for one in self.definitions.sensors or [] if isinstance(one, dg.SensorDefinition)]
        self.sensor = next(one for one in found if one.name == name)
        self.deployment = deployment
        self.cursor: str | None = None

    def look(self) -> tuple[list[Any], str | None]:
        """Run configs of the runs that are launched, and why none is."""
        resources: dict[str, object] = {
            key: dict(self.definitions.resources or {})[key] for key in self.sensor.required_resource_keys
        }
        with dg.build_sensor_context(
            self.deployment.instance, self.cursor, definitions=self.definitions, resources=resources
        ) as context:
            result = self.sensor.evaluate_tick(context)
        self.cursor = result.cursor or self.cursor
        return [request.run_config for request in result.run_requests or []], result.skip_message

    def launched(self) -> list[Any]:
        return self.look()[0]

    def skipped(self) -> str:
        configs, reason = self.look()
        assert configs == []
        return str(reason)


def ingestion(*benchmarks: str, source: str = "helm") -> dict[str, Any]:
    return {"ops": {"discover": {"config": {"sources": [source], "benchmarks": list(benchmarks)}}}}


def test_a_release_upstream_launches_one_ingestion_of_its_benchmark(deployment: Deployment) -> None:
    watch = Watch(deployment, UPSTREAM)
    assert watch.launched() == [ingestion("classic", "lite", "mmlu")]
    assert watch.skipped() == "Nothing changed at the source of lite, mmlu, classic."
    deployment.root.add_release("lite", "v1.1.0", "v1.2.0")
    (config,) = watch.launched()
    assert config == ingestion("lite")
    assert deployment.launch(WEEKLY, config).success
    assert watch.skipped().startswith("Nothing changed")


def test_a_changed_index_and_a_new_suite_are_noticed(deployment: Deployment) -> None:
    watch = Watch(deployment, UPSTREAM)
    watch.look()
    deployment.root.index_run("lite", "v1.1.0", "v1.0.0", "none")
    assert watch.launched() == [ingestion("lite")]
    deployment.root.copy_run("mmlu", "v1.0.0", RUN, "v9.0.0", RUN)
    assert watch.launched() == [ingestion("mmlu")]
    assert watch.skipped().startswith("Nothing changed")


def test_what_cannot_be_looked_at_launches_nothing_and_is_named(deployment: Deployment) -> None:
    watch = Watch(deployment, UPSTREAM)
    watch.look()
    edit(deployment.root.path / "config" / "project_metadata.json", lambda _: {"no": "list"})
    reason = watch.skipped()
    assert "lite could not be read" in reason
    assert "project_metadata.json" in reason


def test_a_source_without_a_root_is_not_looked_at(deployment: Deployment) -> None:
    watch = Watch(deployment, "eval_harness_upstream_sensor")
    assert watch.skipped() == "EVERY_EVAL_EVAL_HARNESS_ROOT is not set."


def test_an_evaluation_of_the_other_source_launches_one_ingestion_and_one_scoring_of_it(
    deployment: Deployment, output: Output
) -> None:
    upstream, published = (Watch(deployment, f"eval_harness_{name}_sensor") for name in ("upstream", "published"))
    (config,) = upstream.launched()
    assert config == ingestion(*sorted(path.name for path in output.path.iterdir()), source="eval_harness")
    assert upstream.skipped().startswith("Nothing changed")
    assert deployment.launch(WEEKLY, config).success
    (config,) = published.launched()
    assert config == {"ops": {"comprehensive_stats": {"config": {"source_name": "eval_harness"}}}}
    assert "has not scored them" in published.skipped()
    assert deployment.launch(DAILY, config).success
    assert published.skipped() == "Everything that is published is in the leaderboard."
    results = output.file(FIRST)
    results.with_name(results.name.replace("2026-11-20", "2026-11-21")).write_bytes(results.read_bytes())
    assert upstream.launched() == [ingestion("main", source="eval_harness")]
    assert upstream.skipped().startswith("Nothing changed")
    assert Watch(deployment, PUBLISHED).skipped() == "Everything that is published is in the leaderboard."


def test_published_shards_launch_the_daily_job_once(deployment: Deployment) -> None:
    watch = Watch(deployment, PUBLISHED)
    assert watch.skipped() == "Everything that is published is in the leaderboard."
    assert deployment.launch(WEEKLY).success
    (config,) = watch.launched()
    assert "has not scored them" in watch.skipped()
    assert deployment.launch(DAILY, config).success
    assert watch.skipped() == "Everything that is published is in the leaderboard."


@pytest.mark.parametrize("name", [UPSTREAM, PUBLISHED])
def test_a_sensor_waits_for_the_end_of_an_ingestion_and_launches_then(deployment: Deployment, name: str) -> None:
    assert deployment.launch(WEEKLY).success
    running = deployment.instance.create_run_for_job(
        build_definitions().resolve_job_def(WEEKLY), tags={INGESTS_TAG: "true"}, status=dg.DagsterRunStatus.STARTED
    )
    watch = Watch(deployment, name)
    assert running.run_id in watch.skipped()
    deployment.instance.report_run_failed(running)
    assert len(watch.launched()) == 1
