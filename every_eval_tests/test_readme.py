"""Tests that the README and the other pages agree with the code."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

from every_eval.definitions import build_definitions
from every_eval.orchestration.ingestion_steps import IngestionConfig
from every_eval.orchestration.scoring_steps import ScoringConfig
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
OPTIONS: dict[str, type[dg.Config]] = {"weekly": IngestionConfig, "daily": ScoringConfig}
FOLDERS = ("deploy", "every_eval")
EXAMPLES = {"weekly": "weekly_data_processing", "daily": "daily_comprehensive_stats"}


def variables(text: str) -> set[str]:
    return set(re.findall(r"\b(?:EVERY_EVAL_[A-Z_]+[A-Z]|SOURCE_DATE_EPOCH|HF_[A-Z]+)\b", text))


def test_settings_are_the_same_in_the_readme_the_example_and_the_code() -> None:
    settings = (ROOT / "every_eval" / "settings.py").read_text()
    listed = variables((ROOT / ".env.example").read_text())
    assert variables(README) == listed
    assert variables(settings) - listed == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_of_run_config_names_every_option(example: str, deployment: Deployment) -> None:
    config: dict[str, Any] = yaml.safe_load((ROOT / "examples" / f"{example}.yaml").read_text())
    ((op, given),) = config["ops"].items()
    assert set(given["config"]) == set(OPTIONS[example].model_fields)
    assert build_definitions().resolve_job_def(EXAMPLES[example]).graph.has_node_named(op)
    assert deployment.launch("weekly_data_processing").success  # the daily job needs something that is published
    assert deployment.launch("weekly_data_processing").success
    assert deployment.launch(EXAMPLES[example], config).success


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The bundled sample, published and scored in `data/hub` of a folder, as by the README's first command."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "dagster").mkdir()
    with (
        pytest.MonkeyPatch.context() as environment,
        dg.instance_for_test(temp_dir=str(folder / "dagster"), set_dagster_home=True) as instance,
    ):
        deployment = Deployment(HelmRoot.unpack(folder / "root"), folder / "data" / "hub", instance, environment)
        assert deployment.launch("refresh").success
        environment.chdir(folder)
        yield deployment


def test_the_readme_names_every_published_file(published: Deployment) -> None:
    paths = [path for repo in (DATA, SCORES) for path in published.paths(repo) if "/" in path]
    names = {path if path.startswith("latest/") else path.partition("/")[0] + "/" for path in paths}
    assert [name for name in sorted(names) if f"`{name}" not in README] == []


@pytest.mark.usefixtures("published")
def test_the_query_from_the_leaderboard_to_the_answers_works() -> None:
    (query,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    answers = duckdb.sql(query)
    assert answers is not None
    assert len(answers.fetchall()) == 10


def test_the_files_are_read_with_pandas_as_the_readme_says(published: Deployment) -> None:
    code, hub = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert len(names["leaderboard"]) == published.table("latest/leaderboard_helm.parquet", SCORES).num_rows
    assert len(names["statistics"]) == published.table("stats/helm_lite/*.parquet").num_rows
    cards = "".join((published.hub / repo / "README.md").read_text() for repo in (DATA, SCORES))
    for repo, config in re.findall(r'load_dataset\("(.*?)", "(.*?)"', hub):
        assert repo in (DATA, SCORES)
        assert f"- config_name: {config}\n" in cards


PAGES = [*sorted(ROOT.glob("*.md")), *(page for folder in FOLDERS for page in sorted((ROOT / folder).rglob("*.md")))]


def anchors(text: str) -> set[str]:
    """Names by which links reach the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_name_jobs_modules_and_files_that_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!https?://)(.*?)\)", text):
        file, _, heading = target.replace("\\", "").partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), target
        assert not heading or heading in anchors(linked.read_text()), target
    for job in re.findall(r" -j (\w+)", text):
        assert build_definitions().resolve_job_def(job)
    for file in re.findall(r" -c (\S+\.yaml)", text):
        assert (ROOT / file).exists(), file
    for file in re.findall(r"\bevery_eval(?:_tests)?/[\w/]+\.py", text):
        assert (ROOT / file).exists(), file
    for module in re.findall(r"-m (benchmarks\.\w+)", text):
        assert importlib.util.find_spec(module), module
