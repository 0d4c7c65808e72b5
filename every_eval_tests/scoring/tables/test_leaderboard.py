from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.scoring.comparisons.ranked_rows import NO_SCORE, NOT_COMPARABLE
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.scoring.tables.leaderboard import leaderboard, rejected_of_models
from every_eval.sources.main_table import MainTable, Score
from every_eval.statistics.intervals import wilson
from every_eval_tests.scoring.comparisons.boards import (
    compared_table,
    of_answers,
    right_answers,
    standing,
    unknown_items,
)
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.run_stats import statistic, stored, table

CLOCK = Clock(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
PLACE = {"source": "helm", "benchmark": "lite", "release": "v1.0.0"}
N = 200


def rows_of(compared: ComparedTable) -> list[dict[str, Any]]:
    """The leaderboard's rows, which keep the contract."""
    rows = leaderboard(PLACE, compared, CLOCK)
    LEADERBOARD.validate(rows)
    listed: list[dict[str, Any]] = rows.to_pylist()
    return listed


def by_model(compared: ComparedTable) -> dict[str, dict[str, Any]]:
    return {row["model_name"]: row for row in rows_of(compared)}


def test_the_best_model_comes_first_and_ties_share_the_best_rank() -> None:
    names = {"a": 0.1, "b": 0.7, "c": 0.7 * (1 + 1e-10), "d": 0.2}
    main = MainTable([False], [standing(name, Score(value)) for name, value in names.items()], has_win_rates=False)
    rows = rows_of(unknown_items(main))

    assert [(row["model_name"], row["rank"]) for row in rows] == [("b", 1), ("c", 1), ("d", 3), ("a", 4)]


def test_scores_without_items_decide_nothing() -> None:
    main = MainTable([False], [standing("a", Score(0.5)), standing("b", Score(0.2))], has_win_rates=True)
    [row, other] = rows_of(unknown_items(main))

    assert (row["mean_win_rate"], row["mean_score"], row["rank"]) == (1.0, 0.5, 1)
    assert (row["mean_win_rate_low"], row["mean_win_rate_high"], row["mean_score_low"]) == (0.0, 1.0, None)
    assert [(each["rank_low"], each["rank_high"], each["tier"]) for each in (row, other)] == [(1, 2, 1)] * 2


def test_win_rates_and_ranks_are_bounded_by_what_is_decided() -> None:
    # Of 200 items a gets 160 right, b 150 of the same, and c 40: 10 discordant items have p = 2 / 2¹⁰ = 0.002, which is
    # decided even three times; with 6 items fewer between b and c nothing is.
    answers = {"a": 160, "b": 150, "c": 146}
    rows = by_model(compared_table({name: [right_answers(n, N)] for name, n in answers.items()}, has_win_rates=True))

    bounds = {name: (row["mean_win_rate_low"], row["mean_win_rate_high"]) for name, row in rows.items()}
    # Four discordant items of b and c have p = 2 / 2⁴ = 0.125.
    assert bounds == {"a": (1.0, 1.0), "b": (0.0, 0.5), "c": (0.0, 0.5)}
    ranges = {name: (row["rank"], row["rank_low"], row["rank_high"]) for name, row in rows.items()}
    assert ranges == {"a": (1, 1, 1), "b": (2, 2, 3), "c": (3, 2, 3)}
    assert {name: (row["n_tied_with"], row["tier"]) for name, row in rows.items()} == {
        "a": (0, 1),
        "b": (1, 2),
        "c": (1, 2),
    }
    assert {name: (row["score_rank_low"], row["score_rank_high"]) for name, row in rows.items()} == {
        "a": (1, 1),
        "b": (2, 3),
        "c": (2, 3),
    }


def test_a_lower_score_that_is_better_wins() -> None:
    rows = by_model(
        compared_table(
            {"a": [right_answers(20, N)], "b": [right_answers(100, N)]}, has_win_rates=True, lower_is_better=True
        )
    )
    assert [(rows[name]["rank"], rows[name]["mean_win_rate_low"]) for name in "ab"] == [(1, 1.0), (2, 0.0)]
    assert [(rows[name]["score_rank_low"], rows[name]["score_rank_high"]) for name in "ab"] == [(1, 1), (2, 2)]
    assert rows["a"]["adjusted_score"] == rows["a"]["mean_score"] == 0.1
    assert rows["a"]["adjusted_score_low"] < 0.1 < rows["a"]["adjusted_score_high"]


def test_a_mean_score_of_one_column_has_the_interval_of_the_score() -> None:
    rows = by_model(compared_table({"a": [right_answers(10, 10)], "b": [right_answers(3, 10)]}, has_win_rates=False))
    for name, p in (("a", 1.0), ("b", 0.3)):
        low, high = wilson(np.array([p]), np.array([10.0]))
        ends = (low[0], high[0])
        assert (rows[name]["mean_score_low"], rows[name]["mean_score_high"]) == pytest.approx(ends, rel=1e-14)
        assert (rows[name]["adjusted_score_low"], rows[name]["adjusted_score_high"]) == pytest.approx(ends, rel=1e-14)


def test_models_with_gaps_are_compared_over_common_columns() -> None:
    # b is better than a wherever both were measured, and lacks the easiest column.
    easy, hard = right_answers(190, N), [right_answers(n, N) for n in (40, 50, 60, 70)]
    better = [right_answers(n, N) for n in (60, 70, 80, 90)]
    rows = by_model(compared_table({"a": [easy, *hard], "b": [None, *better]}, has_win_rates=False))

    assert rows["a"]["mean_score"] > rows["b"]["mean_score"]
    # The additive fit: 0.1 better than a, whose mean is 0.41.
    assert [rows[name]["adjusted_score"] for name in "ab"] == pytest.approx([0.41, 0.51])
    assert [rows[name]["rank"] for name in "ab"] == [2, 1]
    assert rows["a"]["adjusted_score"] == rows["a"]["mean_score"]
    widths = [rows[name]["adjusted_score_high"] - rows[name]["adjusted_score_low"] for name in "ab"]
    assert widths[0] < widths[1]


def test_a_model_with_few_of_the_columns_has_no_rank_and_says_why() -> None:
    full, half = [right_answers(n, N) for n in (100, 120, 80, 60, 90)], right_answers(150, N)
    answers: dict[str, list[Sequence[float] | None]] = {
        "a": [*full],
        "b": [*full[::-1]],
        "c": [half, half, half, None, None],
    }
    compared = compared_table(answers, has_win_rates=True)
    rows = by_model(compared)

    assert rows["c"]["rank"] is None
    assert rows["c"]["unranked_reason"] == "The model has a score in 3 of 5 scenarios, which is less than 80%."
    # It stays an opponent: a and b lose to it in three columns.
    assert rows["c"]["mean_win_rate"] == 1.0
    assert max(rows[name]["mean_win_rate"] for name in "ab") < 0.8
    assert rows["c"]["tier"] is rows["c"]["rank_low"] is None
    lower = by_model(replace(compared, min_coverage=0.6))
    assert (lower["c"]["rank"], lower["c"]["unranked_reason"]) == (1, None)


def test_of_several_deployments_one_is_ranked_and_the_others_change_nothing() -> None:
    answers = {name: right_answers(n, N) for name, n in {"a": 120, "b": 100, "c": 80}.items()}
    alone = compared_table({name: [one] for name, one in answers.items()}, has_win_rates=True)
    table_of_all = replace(
        alone.table, standings=[*alone.table.standings, standing("b", Score(0.55), deployment="other/b")]
    )
    rows = rows_of(of_answers(table_of_all, [*([one] for one in answers.values()), [right_answers(110, N)]]))

    ranked = {row["model_deployment"]: row["rank"] for row in rows}
    assert ranked == {"host/a": 1, "host/b": 2, "host/c": 3, "other/b": None}
    [other] = [row for row in rows if row["model_deployment"] == "other/b"]
    assert other["unranked_reason"] == "Another deployment of the model is ranked: host/b."
    assert (other["mean_score"], other["mean_win_rate"]) == (0.55, 2 / 3)
    for row in rows_of(alone):
        [same] = [each for each in rows if each["model_deployment"] == row["model_deployment"]]
        assert [same[name] for name in ("rank", "rank_low", "rank_high", "tier", "adjusted_score")] == [
            row[name] for name in ("rank", "rank_low", "rank_high", "tier", "adjusted_score")
        ]


def test_ranks_without_one_scenario_show_what_a_rank_hangs_on() -> None:
    # a wins two columns of three; without one of them, a and b are equal.
    columns = {"a": (150, 150, 50), "b": (100, 100, 100)}
    answers = {name: [right_answers(n, N) for n in of_model] for name, of_model in columns.items()}
    rows = by_model(compared_table(answers, has_win_rates=True))

    assert [rows["a"][f"rank_without_one_{end}"] for end in ("low", "high")] == [1, 1]
    assert [rows["b"][f"rank_without_one_{end}"] for end in ("low", "high")] == [1, 2]
    one = by_model(compared_table({name: one[:1] for name, one in answers.items()}, has_win_rates=True))
    assert one["a"]["rank_without_one_low"] is None


def test_columns_that_a_model_lacks_are_counted_and_not_guessed() -> None:
    main = MainTable([False, False], [standing("a", Score(0.5), Score(None), n_scored=12)], has_win_rates=True)
    [row] = rows_of(unknown_items(main))

    assert (row["n_scenarios"], row["n_scenarios_total"], row["n_scored"]) == (1, 2, 12)
    assert (row["mean_score"], row["mean_win_rate"], row["rank"]) == (0.5, None, None)


def test_without_one_direction_of_all_columns_there_is_no_adjusted_score() -> None:
    main = MainTable([False, True], [standing(name, Score(0.5), Score(0.1)) for name in "ab"], has_win_rates=True)
    for row in rows_of(unknown_items(main)):
        assert (row["rank"], row["mean_score"], row["adjusted_score"], row["score_rank_low"]) == (1, None, None, None)


def test_real_models_have_bounds_around_their_scores(real_scores: RealScores) -> None:
    for benchmark in real_scores:
        LEADERBOARD.validate(benchmark.board)
        rows = benchmark.board.to_pylist()
        assert len(rows) > 2
        for row in rows:
            assert row["mean_score_low"] < row["mean_score"] < row["mean_score_high"]
            assert row["n_scored"] >= 10
            if row["rank"] is None:
                assert "which is less than 80%" in row["unranked_reason"]
                continue
            assert 1 <= row["rank_low"] <= row["rank"] <= row["rank_high"] <= len(rows)
            assert row["score_rank_high"] - row["score_rank_low"] <= row["n_tied_with"]
            if row["mean_win_rate"] is not None:
                assert row["mean_win_rate_low"] <= row["mean_win_rate"] <= row["mean_win_rate_high"]


def test_a_real_models_mean_score_varies_as_its_standard_errors_say(real_scores: RealScores) -> None:
    # The scenarios of lite are independent draws: the mean of k scores has the error √Σ error² / k. Intervals
    # within [0, 1] are about as wide as those of a normal distribution.
    lite = next(benchmark for benchmark in real_scores if benchmark.name == "lite")
    runs = [row for row in lite.comprehensive.to_pylist() if row["is_main_metric"] and row["split"] == "test"]
    for row in lite.board.to_pylist():
        errors: dict[str, list[float]] = {}
        for run in runs:
            if run["model_deployment"] == row["model_deployment"]:
                errors.setdefault(run["dataset_name"], []).append(run["standard_error"])
        variances = [sum(error**2 for error in parts) / len(parts) ** 2 for parts in errors.values()]
        width = 2 * 1.96 * sum(variances) ** 0.5 / len(variances)
        assert row["mean_score_high"] - row["mean_score_low"] == pytest.approx(width, rel=0.35)


def test_a_row_with_one_reported_score_is_a_reported_row() -> None:
    reported, ours = Score(0.5, reported=0.5, is_reported=True), Score(0.4, reported=0.4)
    main = MainTable(
        [False, False],
        [standing("a", ours, reported), standing("b", ours, ours), standing("c", Score(None), Score(None))],
        True,
    )

    origins = {row["model_name"]: row["score_origin"] for row in rows_of(unknown_items(main))}
    assert origins == {"a": "reported", "b": "outputs", "c": None}


def test_what_the_source_reported_stands_beside_our_numbers() -> None:
    # One reported mean is 0.9 where the outputs give 0.6.
    standings = [standing("a", Score(0.6, reported=0.9)), standing("b", Score(0.7))]
    rows = rows_of(unknown_items(MainTable([False], standings, True)))

    assert [(row["model_name"], row["mean_score"], row["reported_mean_score"]) for row in rows] == [
        ("b", 0.7, None),
        ("a", 0.6, 0.9),
    ]
    assert [row["reported_mean_win_rate"] for row in rows] == [None, None]


def test_a_model_without_a_rank_has_a_reason() -> None:
    lost = Score(None, lost_because="Rows are missing.")
    standings = [
        standing("a", Score(0.9), lost),
        standing("b", Score(None), Score(None)),
        standing("c", Score(0.1), Score(None)),
    ]
    rows = rows_of(unknown_items(MainTable([False, False], standings, has_win_rates=True)))

    assert {row["model_name"]: (row["rank"], row["unranked_reason"]) for row in rows} == {
        "a": (None, "Rows are missing."),
        "b": (None, NO_SCORE),
        "c": (1, None),
    }
    alone = MainTable([False], [standing("a", Score(0.5))], has_win_rates=True)
    assert [row["unranked_reason"] for row in rows_of(unknown_items(alone))] == [NOT_COMPARABLE]


def test_what_could_not_be_read_is_counted_once_for_each_run_of_a_model() -> None:
    damaged = {"is_complete": False, "n_rejected": 95}
    stats = table(
        statistic("m/a", [1], **damaged),
        statistic("m/a", [1], metric_name="em", **damaged),
        statistic("m/a", [1], run="other", n_rejected=1),
        statistic("m/b", [1]),
    )
    with stored(stats) as files:
        counts = rejected_of_models(files)
    facts = [standing(name, Score(0.5), deployment=name) for name in ("m/a", "m/b")]
    rows = leaderboard(PLACE, unknown_items(MainTable([False], facts, True)), CLOCK, counts).to_pylist()

    assert counts == {("m/a", "m/a"): 96}
    assert {row["model_name"]: row["n_rejected"] for row in rows} == {"m/a": 96, "m/b": 0}
