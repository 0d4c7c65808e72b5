from datetime import UTC, datetime
from math import sqrt
from typing import Any

import pyarrow as pa
import pytest

from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.scoring.tables.cross_benchmark import cross_benchmark
from every_eval.scoring.tables.scenario_scores import SCHEMA, scenario_scores, select_scenario_scores
from every_eval.statistics.quantiles import Z
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


def score(benchmark: str, model: str, value: float, scenario: str = "gsm", **rest: Any) -> dict[str, Any]:
    """A score in a scenario, with an interval of ± 0.0196, which is that of a standard error of 0.01."""
    return {
        "benchmark": benchmark,
        "dataset_name": scenario,
        "task": None,
        "variant": scenario,
        "metric_name": "exact_match",
        "split": "test",
        "sub_split": None,
        "model_name": model,
        "model_deployment": f"host/{model}",
        "mean_score": value,
        "ci_low": value - 0.01 * Z,
        "ci_high": value + 0.01 * Z,
        **rest,
    }


def _rows(*rows: dict[str, Any], scores: list[dict[str, Any]] | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    found = cross_benchmark(board(*rows), pa.Table.from_pylist(scores or [], schema=SCHEMA))
    CROSS_BENCHMARK.validate(found)
    return {(one["model_name"], one["benchmark"]): one for one in found.to_pylist()}


BENCHMARKS = (
    *(row("lite", model, place) for place, model in enumerate(("a", "b", "c"), start=1)),
    *(row("mmlu", model, place, mean_score=0.7) for place, model in enumerate(("b", "a"), start=1)),
    row("math", "a", 1),
)


def test_each_model_has_a_row_for_each_benchmark_that_has_it() -> None:
    found = _rows(*BENCHMARKS)
    assert list(found) == [("a", "lite"), ("a", "math"), ("a", "mmlu"), ("b", "lite"), ("b", "mmlu"), ("c", "lite")]
    assert {model: one["n_benchmarks"] for (model, _), one in found.items()} == {"a": 3, "b": 2, "c": 1}
    one = found["b", "mmlu"]
    assert (one["release"], one["rank"], one["n_ranked"], one["mean_score"]) == ("mmlu-v1", 1, 2, 0.7)
    assert (one["mean_win_rate"], one["n_scenarios"], one["n_scenarios_total"]) == (None, 5, 10)


def test_the_ranked_deployment_represents_the_model_else_the_one_with_most_scenarios() -> None:
    found = _rows(
        row("lite", "a", 1, model_deployment="lucky/a", n_scenarios=1),
        row("lite", "a", None, model_deployment="second/a", n_scenarios=9),
        row("mmlu", "a", None, model_deployment="thorough/a", n_scenarios=9),
        row("mmlu", "a", None, model_deployment="few/a", n_scenarios=1),
        row("mmlu", "a", None, model_deployment="second/a", n_scenarios=9),
    )
    chosen = {benchmark: (one["model_deployment"], one["n_deployments"]) for (_, benchmark), one in found.items()}
    assert chosen == {"lite": ("lucky/a", 2), "mmlu": ("second/a", 3)}


def test_rows_of_models_that_are_not_named_cannot_be_matched() -> None:
    assert _rows(row("lite", None, 1)) == {}


def test_a_display_name_is_that_of_another_benchmark_where_one_states_none() -> None:
    found = _rows(row("mmlu", "a", 1, display_name="A"), row("lite", "a", 1))
    assert {one["display_name"] for one in found.values()} == {"A"}


def test_a_model_that_lacks_a_scenario_is_adjusted_for_it() -> None:
    # Scenario `easy` is 0.4 easier than `hard`, for a and b alike. c has `easy` alone, 0.1 above a there.
    scores = [
        *(score("lite", model, value, "easy") for model, value in (("a", 0.8), ("b", 0.7), ("c", 0.9))),
        *(score("mmlu", model, value, "hard") for model, value in (("a", 0.4), ("b", 0.3))),
    ]
    found = _rows(*BENCHMARKS, scores=scores)
    fits = {model: one["additive_fit_score"] for (model, _), one in found.items()}
    assert fits == pytest.approx({"a": 0.6, "b": 0.5, "c": 0.7})
    a, c = found["a", "math"], found["c", "lite"]
    assert (a["n_fit_scenarios"], c["n_fit_scenarios"], c["n_fit_scenarios_total"]) == (2, 1, 2)
    # The mean of two scores with errors of 0.01 has the error 0.01 / √2; c's is larger.
    assert a["additive_fit_high"] - a["additive_fit_low"] == pytest.approx(2 * Z * 0.01 / sqrt(2))
    assert c["additive_fit_high"] - c["additive_fit_low"] > 2 * Z * 0.01


def test_a_scenario_of_two_benchmarks_counts_once_as_where_most_models_have_it() -> None:
    scores = [
        *(score("lite", model, value) for model, value in (("a", 0.8), ("b", 0.7), ("c", 0.9))),
        *(score("mmlu", model, 0.1, variant="gsm:shots=0") for model in ("a", "b")),
    ]
    found = _rows(*BENCHMARKS, scores=scores)
    assert {model: one["additive_fit_score"] for (model, _), one in found.items()} == pytest.approx(
        {"a": 0.8, "b": 0.7, "c": 0.9}
    )
    assert {one["n_fit_scenarios_total"] for one in found.values()} == {1}


def test_the_tasks_of_a_scenario_count_as_their_mean_and_only_together() -> None:
    tasks = [("anatomy", ("a", "b", "c"), 0.2), ("law", ("a", "b"), 0.4), ("rare", ("a",), 1.0)]
    scores = [score("lite", model, value, task=task) for task, models, value in tasks for model in models]
    found = _rows(*BENCHMARKS, scores=scores)
    # At least half of the three models have anatomy and law; c lacks law, so that it has no score in the scenario.
    assert {model: one["additive_fit_score"] for (model, _), one in found.items()} == {
        "a": pytest.approx(0.3),
        "b": pytest.approx(0.3),
        "c": None,
    }


def test_models_that_no_chain_of_scenarios_connects_have_no_fit() -> None:
    rows = [row("lite", "d", 4), *BENCHMARKS]
    scores = [score("lite", "a", 0.8), score("lite", "b", 0.7), score("math", "d", 0.9, "other")]
    found = _rows(*rows, scores=scores)
    assert found["d", "lite"]["additive_fit_score"] is None
    assert found["d", "lite"]["n_fit_scenarios"] is None


def test_scores_of_another_deployment_are_left_out() -> None:
    scores = [score("lite", "a", 0.8), score("lite", "b", 0.7), score("mmlu", "b", 0.1, "x", model_deployment="other")]
    assert _rows(*BENCHMARKS, scores=scores)["b", "lite"]["additive_fit_score"] == pytest.approx(0.7)


def test_real_models_are_each_in_a_row_of_each_benchmark_and_have_a_fit(real_scores: RealScores) -> None:
    boards = pa.concat_tables([benchmark.board for benchmark in real_scores])
    scores = pa.concat_tables([select_scenario_scores(benchmark.comprehensive) for benchmark in real_scores])
    found = cross_benchmark(boards, scores)
    CROSS_BENCHMARK.validate(found)

    pairs = {(one["model_name"], one["benchmark"]) for one in boards.to_pylist()}
    assert set(zip(found["model_name"].to_pylist(), found["benchmark"].to_pylist(), strict=True)) == pairs
    assert max(found["n_benchmarks"].to_pylist()) == 3
    fitted = [one for one in found.to_pylist() if one["additive_fit_score"] is not None]
    assert len(fitted) > len(pairs) / 2
    assert all(one["additive_fit_low"] < one["additive_fit_score"] < one["additive_fit_high"] for one in fitted)
    # Models with all scenarios have their plain mean.
    columns = scenario_scores(
        scores, {(one["benchmark"], one["model_name"]): one["model_deployment"] for one in found.to_pylist()}
    )
    for one in fitted:
        if one["n_fit_scenarios"] == len(columns):
            own = [of_scenario[one["model_name"]].score for of_scenario in columns.values()]
            assert one["additive_fit_score"] == pytest.approx(sum(own) / len(own))
