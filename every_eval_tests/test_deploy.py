"""Tests that the files of deploy/ can be read by the programs that they configure, and agree with each other."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from every_eval.definitions import build_definitions
from every_eval.orchestration.ingestion_lock import INGESTS_TAG
from every_eval.orchestration.jobs import DAILY, WEEKLY
from every_eval.orchestration.schedules import DAILY_CRON, WEEKLY_CRON
from every_eval.orchestration.time_limit import DAILY_MINUTES, MAX_RUNTIME_TAG, WEEKLY_MINUTES
from every_eval.sources import SOURCES

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
SETTINGS = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
FILES = sorted(DEPLOY.rglob("*.yaml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(DEPLOY).as_posix())
def test_every_file_is_yaml_and_its_folder_says_when_to_choose_it(path: Path) -> None:
    assert load(path)
    assert "Choose this" in (path.parent / "README.md").read_text()


def test_dagster_starts_with_the_settings_for_one_machine(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "one_machine" / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.tag_concurrency_limits == [{"key": INGESTS_TAG, "value": "true", "limit": 1}]


def test_one_and_several_machines_differ_only_in_storage_and_in_limits() -> None:
    one, several = (load(DEPLOY / name / "dagster.yaml") for name in ("one_machine", "several_machines"))
    assert set(several) - set(one) == {"storage"}
    assert {name for name in one if one[name] != several[name]} == {"concurrency"}


def test_kubernetes_and_one_machine_have_the_same_limits() -> None:
    concurrency = load(DEPLOY / "one_machine" / "dagster.yaml")["concurrency"]
    values = load(DEPLOY / "kubernetes" / "values.yaml")["concurrency"]
    assert values == {
        "enabled": True,
        "runs": {
            "maxConcurrentRuns": concurrency["runs"]["max_concurrent_runs"],
            "tagConcurrencyLimits": concurrency["runs"]["tag_concurrency_limits"],
        },
        "pools": {"defaultLimit": concurrency["pools"]["default_limit"]},
    }


def test_kubernetes_serves_the_definitions_with_settings_that_exist() -> None:
    (deployment,) = load(DEPLOY / "kubernetes" / "values.yaml")["dagster-user-deployments"]["deployments"]
    option, module = deployment["dagsterApiGrpcArgs"]
    assert option == "--python-module"
    assert importlib.util.find_spec(module) is not None
    assert {item["name"] for item in deployment["env"]} <= SETTINGS


def test_the_page_lists_every_schedule_and_every_sensor() -> None:
    definitions = build_definitions()
    automations = [*(definitions.schedules or []), *(definitions.sensors or [])]
    stated = re.findall(r"`([\w<>]+_(?:schedule|sensor|alerts))`", (DEPLOY / "README.md").read_text())
    listed = {name.replace("<source>", source.name) for name in stated for source in SOURCES}
    assert listed == {getattr(automation, "name", None) for automation in automations}


def test_the_image_copies_files_that_exist_and_starts_what_it_contains() -> None:
    lines = [line.split() for line in (DEPLOY / "containers" / "Containerfile").read_text().splitlines()]
    copied = [name for line in lines if line[:1] == ["COPY"] for name in line[1:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    (install,) = [line[-1] for line in lines if line[:1] == ["RUN"] and "install" in line]
    assert set(re.findall(r"\w+", install)) <= extras.keys()
    assert "/srv/every_eval/deploy/containers/workspace.yaml" in " ".join(lines[-1])
    (code,) = load(DEPLOY / "several_machines" / "workspace.yaml")["load_from"]
    assert (DEPLOY / "several_machines" / f"{code['python_module']['module_name']}.py").exists()


def test_containers_get_every_setting_and_share_one_folder() -> None:
    services = load(DEPLOY / "containers" / "compose.yaml")["services"]
    ours = {name: service for name, service in services.items() if "build" in service}
    assert set(ours) == {"code", "webserver", "daemon", "worker"}
    (served,) = load(DEPLOY / "containers" / "workspace.yaml")["load_from"]
    assert served["grpc_server"]["host"] in ours
    assert ours["code"]["command"][-4:] == ["-p", str(served["grpc_server"]["port"]), "-m", "cluster"]
    for service in ours.values():
        assert (DEPLOY / "containers" / service["env_file"]).resolve() == ROOT / ".env"
        assert not SETTINGS & service["environment"].keys()
        assert (DEPLOY / "containers" / service["build"]["context"] / service["build"]["dockerfile"]).exists()
        source, target, _ = service["volumes"][1].split(":")
        assert (DEPLOY / "containers" / source).exists()
        assert target == "/work/data/dagster/dagster.yaml"
        assert service["depends_on"].keys() <= services.keys()


def test_celery_reads_its_settings_and_gives_a_dead_workers_step_to_another() -> None:
    pytest.importorskip("celery")
    code = "from dagster_celery.app import app; print(app.conf.task_acks_late, app.conf.worker_prefetch_multiplier)"
    folder = {"PYTHONPATH": str(DEPLOY / "several_machines"), "PATH": os.environ["PATH"]}
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=folder).stdout
    assert said.split() == ["True", "1"]


WORKFLOWS = [(WEEKLY, WEEKLY_CRON, WEEKLY_MINUTES, 3), (DAILY, DAILY_CRON, DAILY_MINUTES, 2)]
SOURCE_NAMES = [source.name for source in SOURCES]


def workflow(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, dict[str, Any]]]:
    """The triggers of a workflow, its one job, and the named steps of the job by name."""
    read = load(DEPLOY / "github_actions" / f"{name}.yaml")
    (job,) = read["jobs"].values()
    # YAML 1.1 reads the word on as true.
    return (
        read[True],
        job,
        {step["name"]: step for step in job["steps"] if "name" in step},
    )


@pytest.mark.parametrize(("name", "cron", "minutes", "_"), WORKFLOWS)
def test_a_workflow_runs_the_readmes_command_at_the_jobs_hour_and_its_own_limit_ends_before_githubs(
    name: str, cron: str, minutes: int, _: int
) -> None:
    triggers, job, steps = workflow(name)
    assert triggers["schedule"] == [{"cron": cron}]
    assert job["timeout-minutes"] == minutes
    readme = (ROOT / "README.md").read_text()
    command, options = steps["Run the job"]["run"].split(" -c options.yaml --tags ")
    every_job = "dagster job execute -m every_eval.definitions -j "
    assert (command, every_job in readme) == (f".venv/bin/{every_job}{name}", True)
    (limit,) = json.loads(options.strip("'")).items()
    assert limit == (MAX_RUNTIME_TAG, str(60 * (minutes - (20 if name == WEEKLY else 10))))
    assert steps["Install"]["run"] in readme
    assert job["env"].keys() - SETTINGS == {"DAGSTER_HOME"}
    assert [step for step in steps if "HF_TOKEN" in steps[step].get("env", {})] == list(steps)[2:]


@pytest.mark.parametrize(("name", "_", "__", "n_runs"), WORKFLOWS)
def test_the_options_of_a_workflow_are_run_config_of_its_job(
    name: str, _: str, __: int, n_runs: int, tmp_path: Path
) -> None:
    triggers, job, steps = workflow(name)
    inputs = triggers["workflow_dispatch"]["inputs"]
    assert inputs["source_name"]["options"] == ["all", *SOURCE_NAMES]
    assert inputs.keys() == {"source_name", "force_regenerate"}
    if name == DAILY:
        assert job["strategy"]["matrix"]["source"].count(json.dumps(SOURCE_NAMES)) == 2
    step = steps["Write the options"]
    values = [("", "false"), ("helm", "false"), (SOURCE_NAMES[-1], "true")]
    for source, force in values[-n_runs:]:  # the daily job scores one source, which is always named
        environment = {"SOURCE_NAME": source, "FORCE_REGENERATE": force, "PATH": os.environ["PATH"]}
        assert step["env"].keys() == environment.keys() - {"PATH"}
        subprocess.run(["bash", "-ec", step["run"]], check=True, cwd=tmp_path, env=environment)
        config = load(tmp_path / "options.yaml")
        assert dg.validate_run_config(build_definitions().resolve_job_def(name), config)
        ((_, given),) = config["ops"].items()
        assert given["config"].pop("force_regenerate") is (force == "true")
        assert given["config"] in ({"sources": [source] if source else []}, {"source_name": source})


@pytest.mark.parametrize("name", [WEEKLY, DAILY])
def test_the_summary_of_a_workflow_is_written_whatever_became_of_the_job(name: str) -> None:
    _, _, steps = workflow(name)
    before, job, after = list(steps)[2:]
    assert (job, steps[job].get("continue-on-error"), steps[after]["if"]) == ("Run the job", None, "always()")
    assert steps[after]["run"] == steps[before]["run"] + ' >> "$GITHUB_STEP_SUMMARY"'
    module = re.findall(r"-m (\S+)", steps[before]["run"])[0]
    assert importlib.util.find_spec(module) is not None
