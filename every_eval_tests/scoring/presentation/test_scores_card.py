"""The scores repo's card: the top of each leaderboard, whichever source's scores were made last."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import write_table
from every_eval.contracts.repo_layout import latest_name
from every_eval.contracts.table import Table
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Snapshot
from every_eval.scoring.presentation.scores_card import TOP_ROWS, ScoresCard
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Source

REPO = "evaleval/every_eval_score_ever"
DATA_REPO = "evaleval/every_eval_ever"
HELM, HARNESS = HelmSource(), EvalHarnessSource()
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS: dict[Table, int] = {COMPREHENSIVE_STATS: 1_234, LEADERBOARD: 11}


def board(source: str, benchmark: str, n_models: int, **values: Any) -> pa.Table:
    """A leaderboard on which model 1 is first, and each next model has 0.01 less."""
    nothing: dict[str, Any] = {
        column.name: None if column.null_when is not None else {pa.int32(): 0, pa.int64(): 0}.get(column.type, NOON)
        for column in LEADERBOARD.columns
    }
    rows = [
        nothing
        | {"source": source, "benchmark": benchmark, "release": "v1", "rank": rank, "model_name": f"m/{rank}"}
        | {"rank_low": 1, "rank_high": rank + 1}
        | {"mean_win_rate": 1 - rank / 100, "mean_win_rate_low": 0.25, "mean_win_rate_high": 1.0}
        | {"data_freshness_hours": 0.0, "n_scenarios": 3, "n_scenarios_total": 10}
        | values
        for rank in range(1, n_models + 1)
    ]
    return pa.Table.from_pylist(rows, schema=LEADERBOARD.schema)


def card(
    source: Source,
    leaderboard: pa.Table,
    head: Snapshot,
    n_rows: Mapping[Table, int] = ROWS,
    data_repo: str = DATA_REPO,
) -> str:
    """The card after the scores of a source are added."""
    return ScoresCard(REPO, data_repo, [HELM, HARNESS]).render(source, leaderboard, n_rows, head).decode()


@pytest.fixture
def empty(tmp_path: Path) -> Snapshot:
    """A repo without scores."""
    return FolderHub(tmp_path, lambda: NOON).snapshot(REPO)


def with_latest(tmp_path: Path, source: str, leaderboard: pa.Table) -> Snapshot:
    """A repo that holds a source's newest leaderboard."""
    tmp_path.mkdir()
    file = write_table(LEADERBOARD, tmp_path / source, leaderboard)
    hub = FolderHub(tmp_path / "hub", lambda: NOON)
    return hub.commit(REPO, [Add(f"latest/{latest_name(LEADERBOARD, source)}", file)], title="Score", parent=None)


def test_the_card_shows_the_first_rows_of_each_benchmark_and_leaves_unknown_values_empty(empty: Snapshot) -> None:
    body = card(HELM, pa.concat_tables([board("helm", "lite", 9), board("helm", "mmlu", 2)]), empty)
    assert "**lite** (helm), release v1, 9 models" in body
    assert "| 1 | 1 to 2 | m/1 |  | 0.990 | 0.250 to 1.000 |  |  | 3 of 10 |" in body
    assert f"| {TOP_ROWS} | 1 to {TOP_ROWS + 1} | m/{TOP_ROWS} |" in body
    assert f" | m/{TOP_ROWS + 1} |" not in body


def test_the_card_is_the_same_whichever_source_was_scored_last(tmp_path: Path) -> None:
    boards = {"helm": board("helm", "lite", 2), "eval_harness": board("eval_harness", "tasks", 3)}
    cards = []
    for last, other in ((HELM, HARNESS), (HARNESS, HELM)):
        head = with_latest(tmp_path / last.name, other.name, boards[other.name])
        cards.append(card(last, boards[last.name], head, {LEADERBOARD: len(boards[last.name])}))
    assert cards[0] == cards[1]
    assert "| leaderboard | 5 |" in cards[0]
    assert "[evaleval/every_eval_ever](" in cards[0]
    fields = yaml.safe_load(cards[0].split("---\n")[1])
    (config,) = fields["configs"]
    assert config["data_files"][0]["path"] == [
        "latest/leaderboard_eval_harness.parquet",
        "latest/leaderboard_helm.parquet",
    ]


def test_the_card_names_the_data_repo_that_the_scores_are_made_from(empty: Snapshot) -> None:
    body = card(HELM, board("helm", "lite", 1), empty, data_repo="me/mine")
    assert "hf://datasets/me/mine/data/helm_lite/*.parquet" in body
    assert "evaleval/every_eval_ever" not in body


def test_a_table_without_rows_is_no_config(empty: Snapshot) -> None:
    body = card(HELM, board("helm", "lite", 1), empty, ROWS | {COMPREHENSIVE_STATS: 0})
    fields = yaml.safe_load(body.split("---\n")[1])
    assert [config["config_name"] for config in fields["configs"]] == ["leaderboard"]
    assert fields["size_categories"] == ["n<1K"]


def test_without_a_leaderboard_there_is_a_card(empty: Snapshot) -> None:
    body = card(HELM, LEADERBOARD.empty, empty, dict.fromkeys(ROWS, 0))
    assert "# Every Eval Score Ever" in body
    assert "behind it" not in body


def test_the_example_is_about_the_benchmark_with_most_instances(empty: Snapshot) -> None:
    boards = [board("helm", "lite", 2, n_scored=10), board("helm", "mmlu", 3, n_scored=7)]
    body = card(HELM, pa.concat_tables(boards), empty)
    # 3 models x 7 instances are more than 2 x 10
    assert "WHERE board.benchmark = 'mmlu'" in body
    assert "list_contains(answers.releases, board.release)" in body


def test_each_leaderboard_with_rows_has_a_picture_and_a_csv_file(empty: Snapshot) -> None:
    body = card(HELM, board("helm", "lite", 1), empty)
    assert "](pictures/leaderboard_helm.png)" in body
    assert "](latest/leaderboard_helm.csv)" in body
    assert "pictures/" not in card(HELM, LEADERBOARD.empty, empty, dict.fromkeys(ROWS, 0))


def test_the_card_names_no_address_and_no_folder_of_a_machine(empty: Snapshot) -> None:
    rows = board("eval_harness", "tasks", 1).to_pylist()
    places = {"model_name": "/home/ada/step-100", "model_deployment": "hf,base_url=http://10.0.0.7/v1"}
    body = card(HARNESS, pa.Table.from_pylist([rows[0] | places], schema=LEADERBOARD.schema), empty)
    assert "| 1 | 1 to 2 | step-100 | hf,base_url |" in body
    assert "/home/ada" not in body
    assert "10.0.0.7" not in body


def test_tables_without_rows_are_not_counted(empty: Snapshot) -> None:
    body = card(HELM, board("helm", "lite", 1), empty, ROWS | {COMPREHENSIVE_STATS: 0})
    assert "| comprehensive_stats | 0 |" not in body
    assert "| leaderboard | 11 |" in body


def test_names_of_others_cannot_add_anything_to_the_card(empty: Snapshot) -> None:
    evil = "x|y\n\n# Heading\n\n<img src=x> ![a](https://host/a.png) '; DROP TABLE board; --"
    named = board("helm", evil, 2, display_name=evil, model_deployment=evil, release=evil)
    text = card(HELM, named, empty).split("## Contents")[1].split("## Tables")[0]
    contents, query = text.split("## How to read the data")[0], text.split("-- DuckDB")[-1]
    assert "\n# " not in text
    assert "<img" not in contents.replace("\\<img", "")
    rows = [line.replace("\\|", "") for line in contents.split("\n") if line.startswith("| 1 ")]
    assert [row.count("|") for row in rows] == [10]
    assert "'x|y # Heading" in query
    assert "''; DROP TABLE" in query
