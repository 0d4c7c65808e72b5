"""The scores of damaged runs, from files of lm-eval to the leaderboard: 5 rows that are left of 100 are never first."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.parquet import read_table, write_table
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add
from every_eval.scoring.scorer import Scorer
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing

HARNESS = EvalHarnessSource()
SCORES = "owner/scores"
Row = dict[str, Any]


def write_model(folder: Path, model: str, reported: float, correct: list[int]) -> None:
    """Write what lm-eval writes of a model on the task `quiz`, with a row for each element of `correct`."""
    folder.mkdir(parents=True)
    results = {
        "results": {"quiz": {"alias": "quiz", "acc,none": reported}},
        "configs": {"quiz": {"metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}]}},
        "higher_is_better": {"quiz": {"acc": True}},
        "n-samples": {"quiz": {"original": 100, "effective": 100}},
        "config": {"model": "hf", "model_args": {"pretrained": f"acme/{model}"}, "limit": None},
        "versions": {"quiz": 1.0},
        "n-shot": {"quiz": 0},
    }
    (folder / "results_2026-02-01T04-05-06.789012.json").write_text(json.dumps(results))
    rows = (
        {"doc_id": at, "doc": {"q": f"q{at}"}, "target": "a", "filter": "none", "metrics": ["acc"], "acc": acc}
        for at, acc in enumerate(correct)
    )
    lines = "\n".join(json.dumps(row | {"arguments": {}, "resps": [], "filtered_resps": []}) for row in rows)
    (folder / "samples_quiz_2026-02-01T04-05-06.789012.jsonl").write_text(lines)


@pytest.fixture
def published(tmp_path: Path) -> Publishing:
    """acme/good with 60 of 100 right and acme/fair with 30; of acme/cut, 5 of 100, the 5 right rows alone are left."""
    root = tmp_path / "root"
    write_model(root / "quizzes" / "acme__good", "good", 0.6, [1] * 60 + [0] * 40)
    write_model(root / "quizzes" / "acme__fair", "fair", 0.3, [1] * 30 + [0] * 70)
    write_model(root / "quizzes" / "acme__cut", "cut", 0.05, [1] * 5)
    published = Publishing.of(root, tmp_path / "hub", source=HARNESS, shard_bytes=1 << 30)
    published.refresh("quizzes")
    return published


def mark(published: Publishing, folder: Path, **values: object) -> None:
    """Set columns of the statistics of acme/cut, as the source sets them if it sees the damage."""
    for path in published.hub.snapshot(REPO).files:
        if path.startswith("stats/"):
            rows = read_table(STATS, [published.hub.snapshot(REPO).fetch(path)]).to_pylist()
            changed = [row | values if row["model_name"] == "acme/cut" else row for row in rows]
            table = pa.Table.from_pylist(changed, schema=STATS.schema)
            commit_on_head(published.hub, Add(path, write_table(STATS, folder / "stats.parquet", table)))


def score(published: Publishing) -> Mapping[str, pa.Table]:
    """Score what is published, and return the newest tables by name."""
    Scorer(HARNESS, [HARNESS], published.hub, REPO, SCORES, lambda: NOON, str).run()
    head = published.hub.snapshot(SCORES)
    names = ("leaderboard", "pairs", "comprehensive_stats")
    return {name: pq.read_table(head.fetch(f"latest/{name}_eval_harness.parquet")) for name in names}


def of_models(table: pa.Table) -> dict[str, Row]:
    return {row["model_name"]: row for row in table.to_pylist()}


def test_a_run_of_which_rows_are_missing_has_its_reported_score_and_no_interval(
    published: Publishing, tmp_path: Path
) -> None:
    mark(published, tmp_path, is_complete=False, n_rejected=95)
    tables = score(published)
    board = of_models(tables["leaderboard"])

    assert {model: row["rank"] for model, row in board.items()} == {"acme/good": 1, "acme/fair": 2, "acme/cut": 3}
    cut = board["acme/cut"]
    assert (cut["mean_score"], cut["reported_mean_score"], cut["score_origin"]) == (0.05, 0.05, "reported")
    assert (cut["n_rejected"], cut["unranked_reason"]) == (95, None)
    # A score without known answers decides nothing.
    assert (cut["mean_score_low"], cut["rank_low"], cut["rank_high"]) == (None, 1, 3)
    assert (cut["mean_win_rate_low"], cut["mean_win_rate_high"]) == (0.0, 1.0)
    assert (board["acme/good"]["score_origin"], board["acme/good"]["n_rejected"]) == ("outputs", 0)
    pairs = tables["pairs"].filter(pc.field("kind") == "main_score").to_pylist()
    assert [(row["model_name_a"], row["model_name_b"]) for row in pairs] == [("acme/fair", "acme/good")]
    [stat] = [row for row in tables["comprehensive_stats"].to_pylist() if row["model_name"] == "acme/cut"]
    assert (stat["mean_score"], stat["ci_low"], stat["n_rejected"], stat["is_complete"]) == (0.05, None, 95, False)


def test_a_damaged_run_of_which_nothing_was_reported_has_no_rank(published: Publishing, tmp_path: Path) -> None:
    reason = "95 of 100 rows are missing."
    mark(published, tmp_path, is_complete=False, unscored_reason=reason, reported_mean=None)
    board = of_models(score(published)["leaderboard"])

    cut = board["acme/cut"]
    assert (cut["rank"], cut["mean_score"], cut["mean_win_rate"], cut["unranked_reason"]) == (None, None, None, reason)
    assert [board[f"acme/{model}"]["rank"] for model in ("good", "fair")] == [1, 2]


def test_values_that_are_not_finite_leave_no_mean_of_the_others(published: Publishing, tmp_path: Path) -> None:
    reason = "95 of 100 values are not finite."
    mark(published, tmp_path, unscored_reason=reason, reported_mean=None, reported_sum=None)
    tables = score(published)

    cut = of_models(tables["leaderboard"])["acme/cut"]
    assert (cut["rank"], cut["unranked_reason"], cut["score_origin"]) == (None, reason, None)
    [stat] = [row for row in tables["comprehensive_stats"].to_pylist() if row["model_name"] == "acme/cut"]
    assert (stat["mean_score"], stat["rank"], stat["unscored_reason"]) == (None, None, reason)


def test_a_number_that_the_source_reports_wrongly_stands_beside_ours_and_moves_no_rank(
    published: Publishing, tmp_path: Path
) -> None:
    whole = {"is_complete": True, "unscored_reason": None, "sum": 0.05, "n_instances": 100, "n_scored": 100}
    mark(published, tmp_path, **whole, mean=0.05, m2=4.75, min=0.0, max=1.0, is_binary=True, reported_mean=0.9)
    cut = of_models(score(published)["leaderboard"])["acme/cut"]

    assert (cut["rank"], cut["mean_score"], cut["reported_mean_score"]) == (3, 0.05, 0.9)
    assert (cut["mean_win_rate"], cut["reported_mean_win_rate"]) == (0, 1)
