"""Files of community evals, from published scores in a folder."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.identities import IDENTITIES
from every_eval.contracts.table import Table
from every_eval.export.__main__ import main
from every_eval_tests.orchestration.deployment import SCORES

QWEN = "Qwen/Qwen2.5-7B"


def score(**values: Any) -> dict[str, Any]:
    return {
        "source": "eval_harness",
        "benchmark": "main",
        "suite": "s",
        "run": "gsm8k:model=q",
        "metric_name": "exact_match,strict-match",
        "model_name": QWEN,
        "common_name": "gsm8k",
        "variant": "gsm8k:n_shot=5",
        "is_main_metric": True,
        "accuracy": 0.8125,
        "ci_low": 0.75,
        "ci_high": 0.875,
        "n_scored": 160,
        "score_origin": "outputs",
        **values,
    }


def name(source_name: str, hugging_face_id: str | None) -> dict[str, Any]:
    return {
        "kind": "model",
        "source": "eval_harness",
        "source_name": source_name,
        "hugging_face_id": hugging_face_id,
    }


@pytest.fixture
def latest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVERY_EVAL_HUB", str(tmp_path / "hub"))
    monkeypatch.delenv("EVERY_EVAL_PAGE_REPO", raising=False)
    folder = tmp_path / "hub" / SCORES / "latest"
    folder.mkdir(parents=True)
    write(folder / "identities.parquet", IDENTITIES, name(QWEN, QWEN))
    return folder


def write(path: Path, table: Table, *rows: dict[str, Any]) -> None:
    names = list(rows[0])
    schema = pa.schema([table.schema.field(each).with_nullable(True) for each in names])
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)


def export(latest: Path, out: Path, *rows: dict[str, Any], arguments: tuple[str, ...] = ()) -> dict[Path, Any]:
    write(latest / "comprehensive_stats_eval_harness.parquet", COMPREHENSIVE_STATS, *rows)
    assert main(["eval_results", "--out", str(out), *arguments]) == 0
    return {file.relative_to(out): yaml.safe_load(file.read_text()) for file in sorted(out.rglob("*.yaml"))}


def test_a_score_is_a_file_for_the_repo_of_its_model(latest: Path, tmp_path: Path) -> None:
    [(path, content)] = export(latest, tmp_path / "out", score()).items()
    assert path.parent == Path(QWEN, ".eval_results")
    assert path.name.startswith("gsm8k_")
    assert content == [
        {
            "dataset": {"id": "openai/gsm8k", "task_id": "gsm8k"},
            "value": 81.25,
            "source": {"url": "https://huggingface.co/spaces/evaleval/every_eval_page", "name": "Every Eval"},
            "notes": "eval_harness main, gsm8k:n_shot=5, exact_match,strict-match; 95 % confidence interval 75.00 to "
            "87.50; n = 160; recomputed from outputs",
        }
    ]


def test_variants_have_files_of_their_own_and_an_export_again_writes_nothing(
    latest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (score(), score(run="gsm8k:n_shot=0", variant="gsm8k:n_shot=0"))
    assert len(export(latest, tmp_path / "out", *rows)) == 2
    assert "2 scores of 1 models (2 files new or changed). Nothing was sent." in capsys.readouterr().out
    export(latest, tmp_path / "out", *rows)
    assert "(0 files new or changed)" in capsys.readouterr().out


def test_a_model_of_helm_has_the_scores_of_the_deployment_that_loads_the_repo(latest: Path, tmp_path: Path) -> None:
    helms = {"source": "helm", "source_name": "meta/llama-3.1-8b-instruct"}
    write(latest / "identities.parquet", IDENTITIES, name("", "meta-llama/Llama-3.1-8B-Instruct") | helms)
    deployments = ("huggingface/llama-3.1-8b-instruct", "google/llama-3.1-8b-instruct")
    run = {"source": "helm", "model_name": helms["source_name"], "metric_name": "exact_match"}
    rows = [score(**run, run=each, model_deployment=each) for each in deployments]
    [path] = export(latest, tmp_path / "out", *rows)
    assert path.parent == Path("meta-llama/Llama-3.1-8B-Instruct/.eval_results")


def test_only_whole_benchmarks_of_the_hub_and_models_with_a_stated_name_are_written(
    latest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [name(QWEN, QWEN), name("gpt-4", None), name("a/b@step1", "a/b")]
    write(latest / "identities.parquet", IDENTITIES, *names)
    others = (
        score(model_name="gpt-4"),
        score(model_name="a/b@step1"),  # a revision is not what the repo's main branch holds
        score(common_name="boolq"),
        score(is_main_metric=False),
        score(accuracy=None),
        score(task="subset=short"),
        score(common_name="gpqa", task="subset=gpqa_main"),
    )
    rows = [{"task": None, **each} for each in others]
    assert export(latest, tmp_path / "none", *rows) == {}
    assert "No score is of a model" in capsys.readouterr().out
    diamond = {"task": None, **score(common_name="gpqa", task="subset=gpqa_diamond")}
    [content] = export(latest, tmp_path / "some", diamond).values()
    assert content[0]["dataset"] == {"id": "Idavidrein/gpqa", "task_id": "diamond"}


def test_one_model_is_chosen_and_without_a_page_the_scores_are_the_source(
    latest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(latest, tmp_path / "a", score(), arguments=("--model", "other/model")) == {}
    monkeypatch.setenv("EVERY_EVAL_PAGE_REPO", "none")
    [content] = export(latest, tmp_path / "b", score(), arguments=("--model", QWEN)).values()
    assert content[0]["source"]["url"] == f"https://huggingface.co/datasets/{SCORES}"
