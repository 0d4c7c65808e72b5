from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.stats import N_REPLICATES
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.leaderboard import NO_SCORE, NOT_COMPARABLE, leaderboard, rejected_of_models
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.run_stats import scored, shown_release, statistic, table

CLOCK = Clock(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
FACTS: dict[str, Any] = dict.fromkeys(("display_name", "creator", "access", "release_date", "num_parameters"))


def standing(model: str, *scores: Score, n_scored: int | None = None) -> Standing:
    """A model's row of a main table."""
    return Standing(FACTS | {"model_name": model, "model_deployment": f"host/{model}"}, scores, n_scored)


def rows_of(main: MainTable) -> list[dict[str, Any]]:
    """The leaderboard's rows, which keep the contract."""
    rows = leaderboard("helm", "lite", "v1.0.0", main, CLOCK)
    LEADERBOARD.validate(rows)
    listed: list[dict[str, Any]] = rows.to_pylist()
    return listed


def _scores(value: float, replicates: object) -> Score:
    return Score(value, np.array(replicates, np.float64))


def test_the_best_model_comes_first_and_ties_share_the_best_rank() -> None:
    names = {"a": 0.1, "b": 0.7, "c": 0.7 * (1 + 1e-10), "d": 0.2}
    main = MainTable([False], [standing(name, Score(value)) for name, value in names.items()], has_win_rates=False)

    assert [(row["model_name"], row["rank"]) for row in rows_of(main)] == [("b", 1), ("c", 1), ("d", 3), ("a", 4)]


def test_scores_without_replicates_have_no_interval() -> None:
    [row, _] = rows_of(MainTable([False], [standing("a", Score(0.5)), standing("b", Score(0.2))], has_win_rates=True))

    assert (row["mean_win_rate"], row["mean_score"], row["rank"]) == (1.0, 0.5, 1)
    ends = [f"{name}_{end}" for name in ("mean_win_rate", "mean_score", "rank") for end in ("low", "high")]
    assert [row[name] for name in (*ends, "ci_method")] == [None] * 7


def test_replicates_that_all_drew_nothing_give_no_interval() -> None:
    [row] = rows_of(MainTable([False], [standing("a", _scores(0.5, [np.nan] * N_REPLICATES))], has_win_rates=False))

    assert [row[name] for name in ("mean_score", "rank", "mean_score_low", "rank_low", "ci_method")] == [
        0.5,
        1,
        None,
        None,
        None,
    ]


def test_intervals_are_the_5th_and_the_196th_of_the_replicates() -> None:
    # Percentiles 2.5 and 97.5 of 200: with 201 x 2.5 % = 5.025, the 5th from either end
    draws = np.random.default_rng(0).permutation(np.arange(1, N_REPLICATES + 1))
    main = MainTable([False, False], [standing("a", _scores(100, draws), _scores(0, draws * 0))], has_win_rates=False)
    [row] = rows_of(main)

    # The mean over two columns halves them
    assert (row["mean_score"], row["mean_score_low"], row["mean_score_high"]) == (50, 5 / 2, 196 / 2)
    assert row["ci_method"] == "bootstrap"
    assert (row["rank_low"], row["rank_high"]) == (1, 1)
    assert row["mean_win_rate_low"] is None


def test_ranks_have_the_range_that_the_replicates_allow() -> None:
    # Model b overtakes a in 20 draws of 200, more than the 4 that an end leaves out; c never moves
    swings = np.where(np.arange(N_REPLICATES) < 20, 0.9, 0.5)
    standings = [
        standing("a", _scores(0.7, [0.7] * N_REPLICATES)),
        standing("b", _scores(0.5, swings)),
        standing("c", _scores(0.1, [0.1] * N_REPLICATES)),
    ]
    rows = rows_of(MainTable([False], standings, has_win_rates=True))

    assert [(row["rank"], row["rank_low"], row["rank_high"]) for row in rows] == [(1, 1, 2), (2, 1, 2), (3, 3, 3)]
    # Model b beats c always, and a in some replicates: 1 or 1/2.
    assert [(row["mean_win_rate_low"], row["mean_win_rate_high"]) for row in rows] == [(0.5, 1), (0.5, 1), (0, 0)]


def test_columns_that_a_model_lacks_are_counted_and_not_guessed() -> None:
    main = MainTable([False, False], [standing("a", Score(0.5), Score(None), n_scored=12)], has_win_rates=True)
    [row] = rows_of(main)

    assert (row["n_scenarios"], row["n_scenarios_total"], row["n_scored"]) == (1, 2, 12)
    assert (row["mean_score"], row["mean_win_rate"], row["rank"]) == (0.5, None, None)


def test_real_models_have_intervals_around_their_scores(real_scores: RealScores) -> None:
    for benchmark in real_scores:
        LEADERBOARD.validate(benchmark.board)
        rows = benchmark.board.to_pylist()
        assert len(rows) > 2
        for row in rows:
            assert row["mean_score_low"] < row["mean_score"] < row["mean_score_high"]
            assert row["rank_low"] <= row["rank"] <= row["rank_high"]
            assert row["n_scored"] >= 10


def test_a_real_models_mean_score_varies_as_its_standard_errors_say(real_scores: RealScores) -> None:
    # The scenarios of lite are independent draws: the mean of k scores has the error sqrt(sum of squares) / k; a normal
    # interval is 2 x 1.96 errors wide, and 200 replicates give the width to about 10 %
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

    assert {row["model_name"]: row["score_origin"] for row in rows_of(main)} == {
        "a": "reported",
        "b": "outputs",
        "c": None,
    }


def test_what_the_source_reported_stands_beside_our_numbers() -> None:
    # One reported mean is 0.9 where the outputs give 0.6.
    rows = rows_of(MainTable([False], [standing("a", Score(0.6, reported=0.9)), standing("b", Score(0.7))], True))

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
    rows = rows_of(MainTable([False, False], standings, has_win_rates=True))

    assert {row["model_name"]: (row["rank"], row["unranked_reason"]) for row in rows} == {
        "a": (None, "Rows are missing."),
        "b": (None, NO_SCORE),
        "c": (1, None),
    }
    alone = MainTable([False], [standing("a", Score(0.5))], has_win_rates=True)
    assert [row["unranked_reason"] for row in rows_of(alone)] == [NOT_COMPARABLE]


def test_what_could_not_be_read_is_counted_once_for_each_run_of_a_model() -> None:
    damaged = {"is_complete": False, "n_rejected": 95}
    stats = table(
        statistic("m/a", [1], **damaged),
        statistic("m/a", [1], metric_name="em", **damaged),
        statistic("m/a", [1], run="other", n_rejected=1),
        statistic("m/b", [1]),
    )
    counts = rejected_of_models(scored(stats, shown_release(stats), CLOCK))
    facts = [Standing(FACTS | {"model_name": name, "model_deployment": name}, [Score(0.5)]) for name in ("m/a", "m/b")]
    rows = leaderboard("helm", "lite", "v1.0.0", MainTable([False], facts, True), CLOCK, counts).to_pylist()

    assert counts == {("m/a", "m/a"): 96}
    assert {row["model_name"]: row["n_rejected"] for row in rows} == {"m/a": 96, "m/b": 0}
