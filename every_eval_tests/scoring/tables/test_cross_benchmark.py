from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.scoring.tables.cross_benchmark import cross_benchmark
from every_eval_tests.scoring.real_scores import RealScores

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK = {"processed_at": MOMENT, "comprehensive_stats_generated_at": MOMENT, "data_freshness_hours": 0.0}


def row(benchmark: str, model: str | None, rank: int | None, **rest: Any) -> dict[str, Any]:
    """A row of the leaderboard."""
    return CLOCK | {
        "source": "helm",
        "benchmark": benchmark,
        "release": f"{benchmark}-v1",
        "rank": rank,
        "model_name": model,
        "model_deployment": f"host/{model}",
        "n_scenarios": 5,
        "n_scenarios_total": 10,
        **rest,
    }


def board(*rows: dict[str, Any]) -> pa.Table:
    """Rows of the leaderboard, with the types of the contract."""
    return pa.Table.from_pylist(list(rows), schema=LEADERBOARD.schema)


def _rows(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    found = cross_benchmark(board(*rows))
    CROSS_BENCHMARK.validate(found)
    listed: list[dict[str, Any]] = found.to_pylist()
    return listed


BENCHMARKS = (
    *(row("lite", model, place) for place, model in enumerate(("a", "b", "c"), start=1)),
    *(row("mmlu", model, place, mean_score=0.7) for place, model in enumerate(("b", "a"), start=1)),
    row("math", "a", 1),
)


def test_the_mean_is_over_the_benchmarks_that_rank_the_model_among_others() -> None:
    found = {row["model_name"]: row for row in _rows(*BENCHMARKS)}

    # a: first of three, second of two, and alone, which compares it with nobody: (2/2 + 0/1) / 2
    assert found["a"]["mean_win_rate"] == pytest.approx((1 + 0) / 2)
    assert found["b"]["mean_win_rate"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["c"]["mean_win_rate"] == 0
    coverage = {name: (one["n_benchmarks"], one["n_benchmarks_ranked"]) for name, one in found.items()}
    assert coverage == {"a": (3, 2), "b": (2, 2), "c": (1, 1)}
    assert {one["n_benchmarks_total"] for one in found.values()} == {3}


def test_a_benchmark_without_the_model_is_not_in_its_row() -> None:
    found = {row["model_name"]: row["benchmarks"] for row in _rows(*BENCHMARKS)}

    assert [one["benchmark"] for one in found["a"]] == ["lite", "math", "mmlu"]
    assert [one["benchmark"] for one in found["c"]] == ["lite"]
    assert found["b"][1] == {
        "benchmark": "mmlu",
        "release": "mmlu-v1",
        "model_deployment": "host/b",
        "n_deployments": 1,
        "rank": 1,
        "n_ranked": 2,
        "mean_win_rate": None,
        "mean_score": 0.7,
        "n_scenarios": 5,
        "n_scenarios_total": 10,
    }


def test_models_with_most_benchmarks_come_first() -> None:
    rows = (row("lite", "z", 2), row("lite", "y", 3), row("lite", "x", 4), row("lite", "n", None))

    assert [one["model_name"] for one in _rows(*BENCHMARKS, *rows)] == ["a", "b", "z", "c", "y", "x", "n"]


def test_a_tie_counts_half() -> None:
    found = _rows(row("lite", "a", 1), row("lite", "b", 1), row("lite", "c", 3))

    assert {one["model_name"]: one["mean_win_rate"] for one in found} == {"a": 0.75, "b": 0.75, "c": 0.0}


def test_the_deployment_with_most_scenarios_represents_the_model() -> None:
    rows = [
        row("lite", "a", 1, model_deployment="lucky/a", n_scenarios=1),
        row("lite", "b", 2),
        row("lite", "a", 3, model_deployment="thorough/a", n_scenarios=9),
        row("lite", "a", 4, model_deployment="second/a", n_scenarios=9),
    ]
    found = {one["model_name"]: one["benchmarks"][0] for one in _rows(*rows)}

    # Two deployments have 9 scenarios; the first by name represents the model, and ranks behind b.
    assert (found["a"]["model_deployment"], found["a"]["n_deployments"], found["a"]["rank"]) == ("second/a", 3, 2)
    assert (found["b"]["rank"], found["b"]["n_ranked"]) == (1, 2)


def test_a_model_without_a_rank_has_no_mean_win_rate() -> None:
    [only] = _rows(row("lite", "a", None, mean_score=0.5))

    assert (only["mean_win_rate"], only["n_benchmarks"], only["n_benchmarks_ranked"]) == (None, 1, 0)
    assert only["benchmarks"][0]["mean_score"] == 0.5


def test_rows_of_models_that_are_not_named_cannot_be_matched() -> None:
    assert _rows(row("lite", None, 1)) == []


def test_facts_are_those_of_the_first_benchmark_that_states_them() -> None:
    [only] = _rows(row("mmlu", "a", 1, display_name="A (mmlu)"), row("lite", "a", 1), row("math", "a", 1, creator="X"))

    assert (only["display_name"], only["creator"]) == ("A (mmlu)", "X")


def test_readers_can_unfold_the_benchmarks() -> None:
    models = cross_benchmark(board(*BENCHMARKS))
    query = "select model_name, unnest(benchmarks, recursive := true) from models"
    unfolded = duckdb.connect().execute(query).fetchall()
    frame = models.to_pandas().explode("benchmarks")

    assert [(each[0], each[1], each[5]) for each in unfolded][:3] == [
        ("a", "lite", 1),
        ("a", "math", 1),
        ("a", "mmlu", 2),
    ]
    assert pd.json_normalize(frame["benchmarks"].tolist())["rank"].tolist() == [each[5] for each in unfolded]


def test_real_models_are_each_in_one_row(real_scores: RealScores) -> None:
    boards = pa.concat_tables([benchmark.board for benchmark in real_scores])
    found = cross_benchmark(boards)
    CROSS_BENCHMARK.validate(found)

    assert set(found["model_name"].to_pylist()) == set(boards["model_name"].to_pylist())
    assert max(found["n_benchmarks"].to_pylist()) == 3
