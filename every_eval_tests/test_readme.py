"""The README says what the code does."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

from every_eval.definitions import build_definitions
from every_eval.orchestration.daily import ScoringConfig
from every_eval.orchestration.weekly import IngestionConfig
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
OPTIONS: dict[str, type[dg.Config]] = {"weekly": IngestionConfig, "daily": ScoringConfig}
EXAMPLES = {"weekly": "weekly_data_processing", "daily": "daily_comprehensive_stats"}


def variables(text: str) -> set[str]:
    return set(re.findall(r"\b(?:EVERY_EVAL_[A-Z_]+[A-Z]|SOURCE_DATE_EPOCH|HF_[A-Z]+)\b", text))


def test_settings_are_the_same_in_the_readme_the_example_and_the_code() -> None:
    resources = (ROOT / "every_eval" / "orchestration" / "resources.py").read_text()
    listed = variables((ROOT / ".env.example").read_text())
    assert variables(README) == listed
    assert variables(resources) - listed == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_of_run_config_names_every_option(example: str, deployment: Deployment) -> None:
    config: dict[str, Any] = yaml.safe_load((ROOT / "examples" / f"{example}.yaml").read_text())
    ((op, given),) = config["ops"].items()
    assert set(given["config"]) == set(OPTIONS[example].model_fields)
    assert build_definitions().resolve_job_def(EXAMPLES[example]).graph.has_node_named(op)
    assert deployment.launch("weekly_data_processing").success  # the daily job needs something that is published
    assert deployment.launch("weekly_data_processing").success
    assert deployment.launch(EXAMPLES[example], config).success


def test_the_query_from_the_leaderboard_to_the_answers_works(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert deployment.launch("refresh").success
    (query,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    folder = tmp_path / "work"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "hub").symlink_to(deployment.hub)
    monkeypatch.chdir(folder)
    answers = duckdb.sql(query)
    assert answers is not None
    assert len(answers.fetchall()) == 10


def test_the_files_are_read_with_pandas_as_the_readme_says(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert deployment.launch("refresh").success
    code, hub = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "work" / "data").mkdir(parents=True)
    (tmp_path / "work" / "data" / "hub").symlink_to(deployment.hub)
    monkeypatch.chdir(tmp_path / "work")
    names: dict[str, Any] = {}
    exec(code, names)
    assert len(names["leaderboard"]) == deployment.table("latest/leaderboard_helm.parquet", SCORES).num_rows
    assert len(names["statistics"]) == deployment.table("stats/helm_lite/*.parquet").num_rows
    cards = "".join((deployment.hub / repo / "README.md").read_text() for repo in (DATA, SCORES))
    for repo, config in re.findall(r'load_dataset\("(.*?)", "(.*?)"', hub):
        assert repo in (DATA, SCORES)
        assert f"- config_name: {config}\n" in cards


PAGES = [ROOT / "README.md", *sorted((ROOT / "deploy").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_name_jobs_modules_and_files_that_there_are(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!https?://)(.*?)\)", text):
        assert (page.parent / target).exists(), target
    for job in re.findall(r" -j (\w+)", text):
        assert build_definitions().resolve_job_def(job)
    for file in re.findall(r" -c (\S+\.yaml)", text):
        assert (ROOT / file).exists(), file
    for module in re.findall(r"-m (benchmarks\.\w+)", text):
        assert importlib.util.find_spec(module), module
