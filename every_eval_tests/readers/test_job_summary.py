import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.repo_layout import latest_path
from every_eval.hub.hub import Add
from every_eval.hub.markdown import NAME_CHARACTERS
from every_eval.readers.job_summary import main
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.orchestration.deployment import SCORES
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row


@pytest.fixture
def place(publishing: Publishing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publishing:
    """A few runs of mmlu, a shard for each; the summary reads the same folder."""
    monkeypatch.setenv("EVERY_EVAL_HUB", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    return publishing


def rank(publishing: Publishing, file: Path, *rows: dict[str, Any]) -> None:
    pq.write_table(board(*rows), file)
    change = Add(latest_path(LEADERBOARD, "helm"), file)
    parent = publishing.hub.snapshot(SCORES).commit
    publishing.hub.commit(SCORES, [change], title="Score", parent=parent)


def summary(capsys: pytest.CaptureFixture[str]) -> str:
    main(["before.json"])
    return capsys.readouterr().out


def test_the_first_job_is_summarised_by_its_runs_rows_and_rejects(
    place: Publishing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = sorted(file.parent for file in (tmp_path / "root").rglob("run_spec.json"))
    (runs[0] / "stats.json").write_text("[")
    assert summary(capsys) == ""
    place.refresh("mmlu")
    head = place.hub.snapshot(REPO)
    n_rows = {
        name: sum(pq.read_metadata(head.fetch(path)).num_rows for path in head.files if path.startswith(f"{name}/"))
        for name in ("data", "metrics", "stats", "rejects", "catalog")
    }
    n_bytes = sum(pq.read_table(head.fetch("catalog/helm_mmlu.parquet"))["n_bytes"].to_pylist())
    text = summary(capsys)
    assert f"Rows: {REPO} is now at commit {str(head.commit)[:12]}." in text
    assert f"Scores: nothing new in {SCORES}." in text
    n = n_rows["catalog"]
    counts = f"| mmlu (helm) | {n} | 0 | {n} | {n_bytes / 1e6:,.1f} MB | {n_rows['data']:,} | {n_rows['metrics']:,} | "
    assert f"{counts}{n_rows['stats']:,} | {n_rows['rejects']:,} |" in text
    assert n_rows["rejects"] >= 1
    where = f"{runs[0].parent.name}/{runs[0].name}"[: NAME_CHARACTERS - 1]
    assert f"| mmlu | not_json | 1 | {where}" in text
    assert f"The catalog holds {n} runs; their sources have withdrawn 0 of them." in text


def test_a_later_job_is_summarised_by_what_changed_alone(
    place: Publishing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.refresh("mmlu")
    summary(capsys)
    assert set(json.loads(Path("before.json").read_text())["shards"]) == set(_shards(place))
    assert "Rows: nothing new" in summary(capsys)
    file = sorted((tmp_path / "root").rglob("stats.json"))[0]
    file.write_text(file.read_text() + " ")
    place.refresh("mmlu")
    text = summary(capsys)
    assert "| mmlu (helm) | 0 | 1 | 1 | " in text
    assert "### Rejects" not in text


def _shards(place: Publishing) -> list[str]:
    head = place.hub.snapshot(REPO)
    shards: list[str] = pq.read_table(head.fetch("shards/helm_mmlu.parquet"))["shard"].to_pylist()
    return shards


def test_the_leaderboard_shows_the_best_and_no_name_is_markup(
    place: Publishing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.refresh("mmlu")
    names = ["| a\n# b", "<img src=x>", "[x](y)", "z" * 1000, "ok", "sixth"]
    rows = [row("lite", name, at, mean_win_rate=1 / at, n_rejected=0) for at, name in enumerate(names, start=1)]
    rank(place, tmp_path / "board", *rows, row("lite", "without rank", None, n_rejected=0))
    summary(capsys)
    text = summary(capsys)
    assert "### Leaderboard: lite (helm), release lite-v1" in text
    assert "| 1 | \\| a # b | host/\\| a # b | 1.000 |  |" in text
    assert "| 2 | \\<img src=x\\> |" in text
    assert "| 3 | \\[x\\](y) |" in text
    assert f"| 4 | {'z' * (NAME_CHARACTERS - 1)}… |" in text
    assert "sixth" not in text
    assert "without rank" not in text
