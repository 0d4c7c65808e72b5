from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.stats import N_REPLICATES
from every_eval.scoring.tables import pairs as module
from every_eval.scoring.tables.pairs import pairs
from every_eval.sources.main_table import MainTable, Score
from every_eval.statistics.bootstrap import draw_weights
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.run_stats import SCENARIO, reported, shown_release, statistic, table
from every_eval_tests.scoring.tables.test_leaderboard import standing
from every_eval_tests.sources.test_main_table import steady

INTERVAL = ("ci_low", "ci_high", "excludes_zero")


def whole(pieces: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([PAIRS.schema.empty_table(), *map(PAIRS.decode, pieces)])


def _rows(*stats: dict[str, Any], main_table: MainTable | None = None, **lower: bool) -> list[dict[str, Any]]:
    rows = table(*stats)
    found = whole(pairs("helm", "lite", shown_release(rows, **lower), rows, main_table))
    PAIRS.validate(found)
    listed: list[dict[str, Any]] = found.to_pylist()
    return listed


def test_equal_answers_differ_by_exactly_nothing() -> None:
    answers = list(np.random.default_rng(0).random(30))
    [row] = _rows(statistic("m/a", answers), statistic("m/b", answers))

    assert (row["difference"], row["ci_low"], row["ci_high"], row["excludes_zero"]) == (0.0, 0.0, 0.0, False)
    assert row["n_common"] == 30


def test_an_interval_is_of_the_difference_on_the_same_draws() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(40), rng.random(40)
    [row] = _rows(statistic("m/b", list(b)), statistic("m/a", list(a)))
    weights = draw_weights([f"id{at}" for at in range(40)], canonical_json(list(SCENARIO)), N_REPLICATES).astype(float)
    draws = np.sort((a - b) @ weights / weights.sum(axis=0))

    assert (row["model_name_a"], row["model_name_b"]) == ("m/a", "m/b")
    assert (row["score_a"], row["score_b"]) == pytest.approx((a.mean(), b.mean()))
    assert row["difference"] == row["score_a"] - row["score_b"]
    # The 5th and the 196th of 200
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((draws[4], draws[195]))
    assert row["excludes_zero"] == (draws[4] > 0 or draws[195] < 0)


def test_a_small_difference_on_every_instance_excludes_zero() -> None:
    answers = np.random.default_rng(2).random(30)
    [row] = _rows(statistic("m/a", list(answers)), statistic("m/b", list(answers + 0.01)))

    assert (row["ci_low"], row["ci_high"]) == pytest.approx((-0.01, -0.01))
    assert row["excludes_zero"] is True


def test_every_two_runs_of_a_variant_are_a_pair_in_the_order_of_names() -> None:
    rows = _rows(
        statistic("m/c", [1, 0]),
        statistic("m/a", [1, 1]),
        statistic("m/b", [0, 0]),
        statistic("m/d", [0, 1], variant="x"),
    )

    assert [(row["model_name_a"], row["model_name_b"]) for row in rows] == [
        ("m/a", "m/b"),
        ("m/a", "m/c"),
        ("m/b", "m/c"),
    ]
    assert {(row["kind"], row["variant"], row["release"], row["lower_is_better"]) for row in rows} == {
        ("main_score", "gsm", "v1.0.0", False)
    }


def test_only_what_agrees_in_metric_split_and_sub_split_is_compared() -> None:
    parts: list[dict[str, Any]]
    parts = [{"sub_split": "x"}, {"sub_split": "y"}, {"split": "valid"}, {"metric_name": "em"}, {"split": None}]
    rows = _rows(*(statistic(model, [0, 1], **part) for part in parts for model in ("m/b", "m/a")), em=True)

    assert [(row["metric_name"], row["split"], row["sub_split"], row["lower_is_better"]) for row in rows] == [
        ("em", "test", None, True),
        ("f1", "test", "x", False),
        ("f1", "test", "y", False),
        ("f1", "valid", None, False),
        ("f1", None, None, False),
    ]


def test_only_main_scores_with_a_value_are_compared() -> None:
    others: list[dict[str, Any]] = [{"is_main_metric": False}, {"perturbation": "{}", "perturbation_name": "typos"}]

    assert _rows(*(statistic(model, [0, 1], **other) for other in others for model in ("m/a", "m/b"))) == []
    assert _rows(statistic("m/a", [0, 1]), statistic("m/b", [])) == []


def test_scores_that_were_not_resampled_differ_without_an_interval() -> None:
    rows = _rows(statistic("m/a", [0.25]), statistic("m/b", [1, 0]), reported("m/c", 0.75), reported("m/d", 1.0))

    assert [row["difference"] for row in rows] == [-0.25, -0.5, -0.75, -0.25, -0.5, -0.25]
    assert [row[name] for row in rows for name in (*INTERVAL, "n_common")] == [None] * 24


def test_the_number_of_common_instances_of_runs_on_different_instances_is_unknown() -> None:
    [row] = _rows(statistic("m/a", {"id1": 1, "id2": 0}), statistic("m/b", {"id2": 0, "id3": 1}))

    assert row["n_common"] is None
    assert row["ci_low"] < row["ci_high"]


def test_two_runs_of_one_model_are_a_pair_too() -> None:
    [row] = _rows(statistic("m/a", [0, 1], run="r2"), statistic("m/a", [1, 1], run="r1"))

    assert (row["run_a"], row["run_b"], row["difference"]) == ("r1", "r2", 0.5)


def _main_table(*, has_win_rates: bool, lower: bool = False) -> MainTable:
    swings = Score(0.5, np.where(np.arange(N_REPLICATES) < 20, 0.9, 0.5))
    rows = [
        standing("c", steady(0.1), Score(None)),
        standing("a", steady(0.7), steady(1)),
        standing("b", swings, Score(0.3)),
        standing("d", Score(None), Score(None)),
    ]
    return MainTable([lower, lower], rows, has_win_rates)


def test_win_rates_of_the_main_table_are_compared_in_pairs() -> None:
    rows = _rows(main_table=_main_table(has_win_rates=True))

    # a: (1 + 1) / 2, b: (1/2 + 0) / 2, c: 0, d: none
    assert [(row["model_name_a"], row["model_name_b"], row["difference"]) for row in rows] == [
        ("a", "b", 0.75),
        ("a", "c", 1.0),
        ("b", "c", 0.25),
    ]
    # In 20 draws a is second in the first column: its rate is then 3/4; c never moves, and b has no replicates
    assert [row["ci_low"] for row in rows] == [None, 0.75, None]
    assert [row["ci_high"] for row in rows] == [None, 1.0, None]
    assert [row["excludes_zero"] for row in rows] == [None, True, None]
    # Columns in which both have a score
    assert [row["n_common"] for row in rows] == [2, 1, 1]
    assert {
        (row["kind"], row["variant"], row["metric_name"], row["run_a"], row["lower_is_better"]) for row in rows
    } == {("mean_win_rate", None, None, None, False)}


def test_where_win_rates_are_hidden_mean_scores_are_compared() -> None:
    rows = _rows(main_table=_main_table(has_win_rates=False, lower=True))

    assert [(row["kind"], row["score_a"], row["score_b"], row["lower_is_better"]) for row in rows] == [
        ("mean_score", 0.85, 0.4, True),
        ("mean_score", 0.85, 0.1, True),
        ("mean_score", 0.4, 0.1, True),
    ]


def test_the_size_of_blocks_changes_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    stats = [statistic(f"m/{at}", list(np.random.default_rng(at).random(9))) for at in range(6)]
    at_once = _rows(*stats)
    monkeypatch.setattr(module, "BLOCK", 4)

    assert _rows(*stats) == at_once
    assert len(at_once) == 15


def test_without_scores_there_are_no_pairs() -> None:
    assert _rows() == []
    assert _rows(main_table=MainTable([], [], has_win_rates=True)) == []


def test_real_pairs_agree_with_the_scores_that_they_compare(real_scores: RealScores) -> None:
    for benchmark in real_scores:
        found = whole(pairs("helm", benchmark.name, benchmark.release, benchmark.stats, benchmark.main_table))
        PAIRS.validate(found)
        rows = found.to_pylist()
        mains = [row for row in benchmark.comprehensive.to_pylist() if row["is_main_metric"]]
        sizes: dict[tuple[str, ...], int] = {}
        for row in mains:
            key = tuple(row[name] for name in ("variant", "metric_name", "split", "sub_split"))
            sizes[key] = sizes.get(key, 0) + 1
        ranked = sum(value is not None for value in benchmark.main_table.ranking.values)
        n_pairs = [n * (n - 1) // 2 for n in (*sizes.values(), ranked)]

        assert len(rows) == sum(n_pairs)
        scores = {(row["run"], row["metric_name"], row["split"], row["sub_split"]): row["mean_score"] for row in mains}
        for row in rows:
            if row["kind"] == "main_score":
                key = (row["metric_name"], row["split"], row["sub_split"])
                assert row["difference"] == scores[row["run_a"], *key] - scores[row["run_b"], *key]


def test_runs_that_are_not_scored_by_their_outputs_are_in_no_pair() -> None:
    rows = _rows(
        statistic("m/a", [1, 0]),
        statistic("m/b", [1, 1]),
        statistic("m/cut", [1], reported_mean=0.5, unscored_reason="Rows are missing."),
    )

    assert [(row["model_name_a"], row["model_name_b"]) for row in rows] == [("m/a", "m/b")]
