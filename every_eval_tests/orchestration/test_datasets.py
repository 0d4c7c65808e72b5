"""Readers: `datasets`, pandas, polars and DuckDB read the published files as the cards say."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml

from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hub_server import CLIENT_WARNING
from every_eval_tests.orchestration.deployment import DATA, IN_MEMORY, SCORES, Deployment, dagster_instance
from every_eval_tests.orchestration.online import Online

pytestmark = [pytest.mark.filterwarnings(CLIENT_WARNING), pytest.mark.slow]

LOAD = """
import json, sys
from datasets import get_dataset_config_names, load_dataset

seen = {}
for repo in sys.argv[1:]:
    for name in get_dataset_config_names(repo):
        rows = load_dataset(repo, name, split="train")
        stream = load_dataset(repo, name, split="train", streaming=True)
        assert list(load_dataset(repo, name)) == list(load_dataset(repo, name, streaming=True)) == ["train"]
        assert stream.features == rows.features, (stream.features, rows.features)
        # To the end: a stream left half read may abort the process when it exits.
        streamed = list(stream)
        assert len(streamed) == len(rows)
        assert streamed[0] == rows[0]
        seen[f"{repo}:{name}"] = {"rows": len(rows), "features": rows.features.to_dict(), "first": rows[0]}
print(json.dumps(seen, default=str))
"""


def run_python(code: str, online: Online, *arguments: str) -> str:
    """Run code in a process of its own, in which the server is the Hub."""
    home = str(online.place / "home")
    hub = {"HF_ENDPOINT": online.server.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    environment = {**os.environ, **hub, "HF_HOME": home}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def card(text: bytes) -> tuple[dict[str, Any], str]:
    """A card's YAML and its Markdown."""
    _, front_matter, body = text.decode().split("---\n", 2)
    return yaml.safe_load(front_matter), body


def blocks(body: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", body, re.DOTALL)


def test_datasets_loads_every_config_whole_and_streaming_with_typed_rows(
    online: Online, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "lite,mmlu")
    (deployment.root.runs()[-1] / "stats.json").write_text("[")
    online.launch("refresh")
    seen = json.loads(run_python(LOAD, online, DATA, SCORES))
    configs = [f"{repo}:{item['config_name']}" for repo in (DATA, SCORES) for item in card_of(online, repo)["configs"]]
    assert list(seen) == configs
    of_shards = {"helm_lite", "helm_mmlu", "metrics", "stats", "rejects", "catalog", "releases", "shards"}
    assert {f"{DATA}:{name}" for name in of_shards} | {f"{SCORES}:leaderboard"} <= set(seen)
    for repo in (DATA, SCORES):
        for item in card_of(online, repo)["configs"]:
            (pattern,) = (part["path"] for part in item["data_files"])
            tables = [content for path, content in online.files(repo).items() if matches(path, pattern)]
            n_rows = sum(pq.ParquetFile(io.BytesIO(content)).metadata.num_rows for content in tables)
            assert seen[f"{repo}:{item['config_name']}"]["rows"] == n_rows > 0
    sample = seen[f"{DATA}:helm_lite"]["first"]
    assert isinstance(sample["evaluation_score"], float)
    assert sample["hf_index"] is None
    assert isinstance(sample["references"][0]["tags"], list)
    assert seen[f"{DATA}:releases"]["features"]["schema_json"]["dtype"] == "large_string"
    assert seen[f"{DATA}:stats"]["features"]["mean"]["dtype"] == "float64"
    assert json.loads(seen[f"{DATA}:releases"]["first"]["schema_json"])["run_groups"]
    (code,) = [block for block in blocks(card(online.files()["README.md"])[1], "python") if "load_dataset" in block]
    assert (
        run_python(f"{code}print(len(rows), sum(1 for row in stream))", online).split()
        == [str(seen[f"{DATA}:helm_lite"]["rows"])] * 2
    )


def card_of(online: Online, repo: str) -> dict[str, Any]:
    return card(online.files(repo)["README.md"])[0]


def matches(path: str, pattern: str) -> bool:
    return re.fullmatch(pattern.replace(".", "[.]").replace("*", "[^/]*"), path) is not None


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The benchmark `lite` of the bundled sample, published and scored."""
    folder = tmp_path_factory.mktemp("published")
    with (
        pytest.MonkeyPatch.context() as environment,
        dagster_instance(folder / "dagster", IN_MEMORY) as instance,
    ):
        made = Deployment(HelmRoot.unpack(folder / "root"), folder / "hub", instance, environment)
        environment.setenv("EVERY_EVAL_BENCHMARKS", "lite")
        assert made.launch("refresh").success
    return made


def as_written(deployment: Deployment, repo: str, language: str) -> list[str]:
    """Examples of a card, on the plain files of the folder that a Hub is kept in."""
    body = card((deployment.hub / repo / "README.md").read_bytes())[1]
    assert f"hf://datasets/{repo}/" in body
    assert str(deployment.hub) not in body
    return [block.replace("hf://datasets/", f"{deployment.hub}/") for block in blocks(body, language)]


def query(sql: str) -> list[dict[str, Any]]:
    found = duckdb.sql(sql)
    assert found is not None
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize(
    ("repo", "pattern"), [(DATA, "data/helm_lite/*.parquet"), (SCORES, "latest/leaderboard_*.parquet")]
)
def test_pandas_polars_and_duckdb_read_plain_files_as_the_card_says(
    published: Deployment, repo: str, pattern: str
) -> None:
    n_rows = published.table(pattern, repo).num_rows
    seen: dict[str, Any] = {}
    for code in as_written(published, repo, "python"):
        if "load_dataset" not in code:
            exec(code, seen)
            frame = seen["frame"]
            assert len(frame) == (n_rows if isinstance(frame, pd.DataFrame) else min(10, n_rows))
            assert isinstance(frame, pd.DataFrame | pl.DataFrame)
    assert len(query(as_written(published, repo, "sql")[0])) == min(10, n_rows)


def test_one_query_leads_from_the_leaderboard_to_the_answers_behind_it(published: Deployment) -> None:
    """Outputs' scores average to the scores of the runs that they belong to: what the cell is made of."""
    answers = query(as_written(published, SCORES, "sql")[-1])
    board = published.table("latest/leaderboard_helm.parquet", SCORES).to_pylist()
    best = next(row["model_name"] for row in board if row["rank"] == 1)
    samples = published.table("data/helm_lite/*.parquet").to_pylist()
    latest = published.table("latest/comprehensive_stats_helm.parquet", SCORES).to_pylist()
    runs = {
        (row["suite"], row["run"], row["split"])
        for row in latest
        if row["model_name"] == best and row["is_main_metric"] and row["perturbation"] is None
    }
    wanted = [
        row for row in samples if (row["suite"], row["run"], row["split"]) in runs and row["perturbation"] is None
    ]
    assert len(answers) == len(wanted) > 100
    assert all(answer["prompt"] and answer["ground_truth"] is not None for answer in answers)
    for run in {answer["run"] for answer in answers}:
        scores = [answer["evaluation_score"] for answer in answers if answer["run"] == run]
        (mean,) = {answer["mean_score"] for answer in answers if answer["run"] == run}
        assert sum(scores) / len(scores) == pytest.approx(mean, abs=1e-12)


def test_the_matrix_of_models_and_items_is_made_as_the_card_says(
    published: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scores = published.table("item_scores/helm_lite/*.parquet").to_pylist()
    measured: dict[tuple[str, str], list[float]] = {}
    for row in scores:
        if (
            row["perturbation"] is None
            and row["metric_name"] != "max_prob"
            and row["item"]
            and row["value"] is not None
        ):
            measured.setdefault((row["model_name"], row["item"]), []).append(row["value"])
    expected = {key: sum(values) / len(values) for key, values in measured.items()}
    models, items = ({key[place] for key in expected} for place in (0, 1))

    seen: dict[str, Any] = {}
    matrices = []
    for code in as_written(published, DATA, "python"):
        if "load_dataset" not in code:
            exec(code, seen)
            matrices += [seen["matrix"]] if "pivot" in code else []
    of_pandas, of_polars = matrices
    assert (set(of_pandas.index), set(of_pandas.columns)) == (models, items)
    assert of_polars.shape[0] == len(models) and items <= set(of_polars.columns)
    assert all(of_pandas.loc[model, item] == pytest.approx(value) for (model, item), value in expected.items())

    with duckdb.connect() as connection:
        for sql in as_written(published, DATA, "sql")[1:]:
            connection.execute(sql)
    of_models = [json.loads(line) for line in (tmp_path / "py_irt.jsonl").read_text().splitlines()]
    found = {(one["subject_id"], item): value for one in of_models for item, value in one["responses"].items()}
    assert found == pytest.approx(expected)
    assert list(pd.read_csv(tmp_path / "irw.csv").columns) == ["id", "item", "resp"]


def test_the_cards_say_the_same_whatever_holds_the_hub_and_hold_no_path_of_a_machine(published: Deployment) -> None:
    for repo in (DATA, SCORES):
        text = (published.hub / repo / "README.md").read_text()
        assert str(published.hub.parent) not in text
        assert "127.0.0.1" not in text
