"""Output of lm-eval as people have it, in one root: what is published, checked, logged and recorded of each kind."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from every_eval.orchestration.jobs import DAILY, WEEKLY
from every_eval_tests.orchestration.deployment import DATA, SCORES, Deployment

pytestmark = pytest.mark.slow

SECRET = "Zq9SecretToken77"
CONFIG = {
    "output_type": "multiple_choice",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}


def write(
    folder: Path,
    scores: Sequence[float],
    *,
    day: int = 1,
    n_written: int | None = None,
    names: tuple[str, str] = ("results_{}.json", "samples_quiz_{}.jsonl"),
    model_args: object = "pretrained=acme/tiny",
    n_documents: int | None = None,
    **content: Any,
) -> None:
    """Write an evaluation with one row for each score; `n_written` rows of them are in the samples file."""
    rows = [row(document, score) for document, score in enumerate(scores)]
    hashes = "".join(written["doc_hash"] + "pt" for written in rows)
    size = n_documents or len(rows)
    results = {
        "results": {"quiz": {"acc,none": sum(scores) / len(scores), "acc_stderr,none": "N/A"}},
        "configs": {"quiz": CONFIG},
        "config": {"model": "hf", "model_args": model_args},
        "n-samples": {"quiz": {"original": size, "effective": size}},
        "n-shot": {"quiz": 0},
        "date": 1.77e9 + day,
        "task_hashes": {"quiz": hashlib.sha256(hashes.encode()).hexdigest()},
    } | content
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"2026-02-{day:02}T04-05-06.789012"
    (folder / names[0].format(stamp)).write_text(json.dumps(results))
    (folder / names[1].format(stamp)).write_text("".join(json.dumps(item) + "\n" for item in rows[:n_written]))


def row(document: int, score: float) -> dict[str, Any]:
    requests = {f"gen_args_{i}": {"arg_0": "Which?", "arg_1": choice} for i, choice in enumerate("ab")}
    likelihoods = [["-1.0", "True"], ["-2.0", "False"]]
    return {
        **{"doc_id": document, "filter": "none", "metrics": ["acc"], "acc": score, "doc": {"id": document}},
        **{"arguments": requests, "target": "0" if score else "1", "filtered_resps": likelihoods},
        **{
            "resps": [[item] for item in likelihoods],
            "doc_hash": f"d{document}",
            "prompt_hash": "p",
            "target_hash": "t",
        },
    }


@pytest.fixture
def root(tmp_path: Path, deployment: Deployment) -> Path:
    root = tmp_path / "lm"
    good = [1.0, 0.0, 1.0, 1.0]
    arguments = {"model": "acme/api", "header": {"x": f"Bearer {SECRET}"}, "base_url": f"http://u:{SECRET}@h"}
    write(root / "secrets" / f"hf_{SECRET}", good, model_args=arguments)
    old = f"api_key={SECRET},pretrained=acme__old_quiz.jsonl"
    write(root / "secrets" / "old", good, model_args=f"api_key={SECRET},pretrained=acme/old", names=("out.json", old))
    write(root / "cut" / "acme__good", good)
    bad = [1.0, *[0.0] * 9]
    write(root / "cut" / "acme__bad", bad, day=2, n_written=1, model_args="pretrained=acme/bad")
    write(root / "chosen" / "acme__tiny", [*good, *good])
    write(root / "chosen" / "acme__tiny", [0.0], day=2, n_documents=8)
    write(root, good)
    os.mkdir(os.fsencode(root) + b"/mod\xe8le")  # noqa: PTH102 - a path of pathlib is text
    (root / "inner").mkdir()
    (root / "inner" / "out").symlink_to("/")
    deployment.environment.setenv("EVERY_EVAL_EVAL_HARNESS_ROOT", str(root))
    return root


def recorded(instance: dg.DagsterInstance) -> Iterator[str]:
    for run in instance.get_runs():
        yield from (dg.serialize_value(event) for event in instance.all_logs(run.run_id))
    yield from (path.read_bytes().decode("latin-1") for path in _files(Path(instance.root_directory)))


def content(path: Path) -> str:
    return repr(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else path.read_bytes().decode("latin-1")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_each_kind_has_the_right_outcome(deployment: Deployment, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert root.exists()
    weekly = deployment.launch(WEEKLY, {"ops": {"discover": {"config": {"sources": ["eval_harness"]}}}})
    scored = {"ops": {"comprehensive_stats": {"config": {"source_name": "eval_harness"}}}}
    # Rejects are a warning. Rows that were cut off give another score than their results file, which is red as long as
    # it stands, in both jobs.
    assert not weekly.success
    assert not deployment.launch(DAILY, scored).success
    # The run of the job has all checks; its result leaves out those of a step that fails at its end.
    found = [
        event.dagster_event.asset_check_evaluation_data
        for event in deployment.instance.all_logs(weekly.run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        if event.dagster_event is not None
    ]
    assert {(check.check_name, check.severity.value) for check in found if not check.passed} == {
        *((name, "WARN") for name in ("rejects", "shard_rejects", "shard_reported")),  # In a shard nothing is compared.
        *((name, "ERROR") for name in ("reported", "shard_reported")),
    }

    rejects = deployment.table("rejects/*/*.parquet").to_pylist()
    assert {(reject["benchmark"], reject["run"].partition(":")[0], reject["reason"]) for reject in rejects} == {
        ("cut", "quiz", "unexpected_shape"),
        ("inner", "out", "file_missing"),
        (r"mod\xe8le", r"mod\xe8le", "unsafe_name"),
    }
    stats = deployment.table("stats/*/*.parquet").to_pylist()
    assert {(row["benchmark"], row["model_name"], row["mean"], row["reported_mean"]) for row in stats} == {
        ("secrets", "acme/api", 0.75, 0.75),
        ("secrets", "acme/old", 0.75, 0.75),
        ("cut", "acme/tiny", 0.75, 0.75),
        ("cut", "acme/bad", None, 0.1),
        ("chosen", "acme/tiny", 0.75, 0.75),
        ("chosen", "acme/tiny", 0.0, 0.0),
        ("files_in_root", "acme/tiny", 0.75, 0.75),
    }
    leaderboard = deployment.table("latest/leaderboard_eval_harness.parquet", SCORES).to_pylist()
    places = {(row["benchmark"], row["model_name"]): (row["rank"], row["score_origin"]) for row in leaderboard}
    assert (places["cut", "acme/tiny"], places["cut", "acme/bad"]) == ((1, "outputs"), (2, "reported"))
    [whole] = [row["mean_score"] for row in leaderboard if row["benchmark"] == "chosen"]
    assert whole == 0.75

    published = [content(path) for repo in (DATA, SCORES) for path in _files(deployment.hub / repo)]
    places_of_text = [*capfd.readouterr(), *recorded(deployment.instance)]
    assert not [text[:200] for text in places_of_text if SECRET in text]
    assert any("acme/api" in text for text in published)
    assert not any(SECRET in text for text in published)
    withheld = {name for row in stats for name in row["withheld_arguments"] or ()}
    assert withheld == {"api_key", "base_url", "header"}
