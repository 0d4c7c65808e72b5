"""Tests that the README and the other pages agree with the code."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

import every_eval
from every_eval.contracts.pairs import PAIRS
from every_eval.definitions import build_definitions
from every_eval.orchestration.ingestion_steps import IngestionConfig
from every_eval.orchestration.scoring_steps import ScoringConfig
from every_eval.readers.published_tables import TABLES
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment, dagster_instance

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


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_of_run_config_names_every_option(example: str, refreshed: Deployment) -> None:
    config: dict[str, Any] = yaml.safe_load((ROOT / "examples" / f"{example}.yaml").read_text())
    ((op, given),) = config["ops"].items()
    assert set(given["config"]) == set(OPTIONS[example].model_fields)
    assert build_definitions().resolve_job_def(EXAMPLES[example]).graph.has_node_named(op)
    assert refreshed.launch(EXAMPLES[example], config).success


NOISE = re.compile(r"DEBUG|[Ww]arning|[Ss]upersed|[Tt]elemetry|dagster\.yaml|Traceback|virtual environment")
PROGRESS = re.compile(r"helm_lite_part_00001: 31 of 31 runs, [\d.]+ of [\d.]+ MB in \d+ s, [\d.]+ MB/s$", re.MULTILINE)
SUMMARY = (
    "helm shards: 3 published",
    "1,970 samples",
    "0 files or rows could not be read",
    " passed, 0 failed, 0 warned",
)


@pytest.mark.slow
def test_the_log_of_the_first_command_is_for_people_and_ends_with_the_leaderboard(tmp_path: Path) -> None:
    (command,) = re.findall(r"^python3 -m venv .*(mkdir -p data/dagster .*)$", README, re.MULTILINE)
    for name in ("every_eval", "examples", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    run = partial(subprocess.run, cwd=tmp_path, env=environment, text=True, stderr=subprocess.STDOUT)
    log = run(["bash", "-c", command], stdout=subprocess.PIPE, check=True).stdout
    assert [line for line in log.splitlines() if NOISE.search(line)] == []
    first, *_, last = log.splitlines()
    assert re.search(r" INFO .* every_eval \S+, Dagster \S+, Python \S+$", first)
    assert f"data repo: {tmp_path}/data/hub/{DATA}" in log
    assert PROGRESS.search(log)
    assert [text for text in SUMMARY if text not in log] == []
    assert last.startswith("mmlu ")
    environment["DAGSTER_HOME"] = str(tmp_path / "data" / "dagster")
    again = [".venv/bin/dagster", "job", "execute", "-m", "every_eval.definitions", "-j", "daily_comprehensive_stats"]
    assert "helm scores: nothing new" in run(again, stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture(scope="module")
def published(refreshed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The bundled sample, published and scored in `data/hub` of a folder, as by the README's first command."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(refreshed_once / "hub", folder / "data" / "hub")
    with pytest.MonkeyPatch.context() as environment, dagster_instance(folder / "dagster") as instance:
        deployment = Deployment(HelmRoot(refreshed_once / "root"), folder / "data" / "hub", instance, environment)
        environment.chdir(folder)
        yield deployment


@pytest.mark.slow
def test_the_readme_names_every_published_file(published: Deployment) -> None:
    paths = [path for repo in (DATA, SCORES) for path in published.paths(repo) if "/" in path]
    names = {path if path.startswith("latest/") else path.partition("/")[0] + "/" for path in paths}
    assert [name for name in sorted(names) if f"`{name}" not in README] == []


@pytest.fixture(scope="module")
def connection(published: Deployment) -> duckdb.DuckDBPyConnection:
    """The published files as the README connects to them."""
    assert published.hub == Path("data/hub").absolute()
    return every_eval.connect()


@pytest.mark.slow
def test_the_query_from_the_leaderboard_to_the_answers_works(connection: duckdb.DuckDBPyConnection) -> None:
    (query,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    answers = connection.sql(query).fetchall()
    assert len(answers) == 10
    assert all("model=openai_gpt-4-0613" in run for run, *_ in answers)


@pytest.mark.slow
def test_the_readers_questions_have_answers_that_agree_with_the_files(
    published: Deployment, connection: duckdb.DuckDBPyConnection
) -> None:
    page = (ROOT / "every_eval" / "readers" / "README.md").read_text()
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    meaning, best, wrong, prompt, cost, subjects, changed, perturbed, failed = (
        connection.sql(query).df().to_dict("records") for query in queries
    )
    stats = published.table("latest/comprehensive_stats_helm.parquet", SCORES).to_pylist()
    main = [row for row in stats if row["is_main_metric"] and row["perturbation"] is None]
    samples = published.table("data/*/*.parquet").to_pylist()

    assert [row["column_name"] for row in meaning] == PAIRS.schema.names
    assert [row["comment"] for row in meaning] == [column.meaning for column in PAIRS.columns]

    scores = {(row["benchmark"], row["model_name"]): row["mean_score"] for row in main if row["dataset_name"] == "gsm"}
    assert {row["benchmark"] for row in best} == {"lite", "classic"}
    for row in best:
        assert (
            row["mean_score"]
            == scores[row["benchmark"], row["best"]]
            == max(score for (benchmark, _), score in scores.items() if benchmark == row["benchmark"])
        )
        assert row["difference"] == pytest.approx(row["mean_score"] - scores[row["benchmark"], row["other"]], abs=1e-12)
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["is_real"] == (row["p_holm"] <= 0.05)
        assert row["low"] > 0 or not row["is_real"]
    # One pair alone would be called different; among all pairs of the benchmark, none is.
    assert {(row["low"] > 0, row["is_real"]) for row in best} == {(True, False), (False, False)}

    assert len(wrong) == 5
    for row in wrong:
        (score,) = {one["evaluation_score"] for one in samples if row.items() <= one.items()}
        assert ("gpt-4-0613" in row["run"], score) == (True, 0)

    ((shown, output),) = [(row["prompt"], row["output"]) for row in prompt]
    assert any(row["dataset_name"] == "gsm" and (row["prompt"], row["output"]) == (shown, output) for row in samples)

    metrics = published.table("metrics/*/*.parquet").to_pylist()
    suites = {(row["benchmark"], row["run"]): row["suite"] for row in stats}
    for row in cost:
        place = (row["benchmark"], suites[row["benchmark"], row["run"]], row["run"], "num_output_tokens", None)
        key = ("benchmark", "suite", "run", "metric_name", "perturbation")
        values = [metric["value"] for metric in metrics if tuple(metric[name] for name in key) == place]
        assert row["output_tokens"] == pytest.approx(sum(values) / len(values))
        assert row["seconds"] > 0

    of_mmlu = [row for row in main if row["benchmark"] == "mmlu"]
    assert len(subjects) == len(of_mmlu) > 10
    assert {(row["task"], row["mean_score"]) for row in subjects} == {
        (row["task"], row["mean_score"]) for row in of_mmlu
    }

    items = published.table("item_scores/*/*.parquet").to_pylist()
    check_changes(changed, stats)
    check_perturbations(perturbed, [row for row in items if row["benchmark"] == "classic"])
    check_failed(failed, items)


def check_changes(changed: list[dict[str, Any]], stats: list[dict[str, Any]]) -> None:
    """Each later mean is that of the run that the newest release shows, as all of its questions were asked before."""
    scores = {row["mean_score"] for row in stats if row["is_main_metric"] and row["suite"] == "v1.1.0"}
    assert len(changed) > 5
    assert {(row["previous_release"], row["release"]) for row in changed} == {("v1.0.0", "v1.1.0")}
    assert all(min(abs(row["mean"] - score) for score in scores) < 1e-12 for row in changed)
    assert all(row["difference"] == pytest.approx(row["mean"] - row["previous_mean"]) for row in changed)


def check_perturbations(perturbed: list[dict[str, Any]], items: list[dict[str, Any]]) -> None:
    """Both means are over the instances that have a perturbed copy."""
    assert perturbed == sorted(perturbed, key=lambda row: row["difference"])
    assert perturbed[0]["difference"] < 0
    row = perturbed[0]
    names = {json.loads(one["perturbation"] or "{}").get("name"): one["perturbation"] for one in items}
    of_model = [one for one in items if one["model_name"] == row["model_name"] and one["metric_name"] != "max_prob"]
    values = {(one["run"], one["instance_id"], one["perturbation"]): one["value"] for one in of_model}
    text = names[row["perturbation_name"]]
    pairs = [
        (value, values[run, name, None])
        for (run, name, of), value in values.items()
        if of == text and run.startswith(row["variant"].split(":")[0])
    ]
    assert len(pairs) == row["n"]
    assert row["mean_original"] == pytest.approx(sum(before for _, before in pairs) / len(pairs))
    assert row["difference"] == pytest.approx(sum(after - before for after, before in pairs) / len(pairs))


def check_failed(failed: list[dict[str, Any]], items: list[dict[str, Any]]) -> None:
    """No model has a value above 0 on such a question."""
    assert failed
    for row in failed:
        values = [
            one["value"]
            for one in items
            if (one["benchmark"], one["instance_id"], one["perturbation"])
            == (row["benchmark"], row["instance_id"], None)
            and one["run"].startswith(row["variant"].partition(",")[0])
            and one["metric_name"] != "max_prob"
        ]
        assert values.count(0) >= row["n_models"] >= 3
        assert row["raw_input"] and row["ground_truth"]


@pytest.mark.slow
def test_the_files_are_read_as_the_readme_says(published: Deployment) -> None:
    code, hub, readers = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    exec(readers, names)
    ranks = [rank for rank in names["lite"]["rank"].to_pylist() if rank is not None]  # Some models lack scenarios.
    assert ranks == list(range(1, len(ranks) + 1)) and len(ranks) >= 3
    assert {name for name, _ in names["tables"].fetchall()} == set(TABLES)
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
    for job in re.findall(r" (?:-j|--job) (\w+)", text):
        assert build_definitions().resolve_job_def(job)
    for file in re.findall(r" -c (\S+\.yaml)", text):
        assert (ROOT / file).exists(), file
    for file in re.findall(r"\bevery_eval(?:_tests)?/[\w/]+\.py", text):
        assert (ROOT / file).exists(), file
    for module in re.findall(r"-m (benchmarks\.\w+)", text):
        assert importlib.util.find_spec(module), module
