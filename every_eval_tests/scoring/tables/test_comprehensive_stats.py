from datetime import UTC, datetime
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.scoring.tables.clock import Clock
from every_eval.sources.statistics_files import ROWS_MISSING
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.run_stats import reported, scored, shown_release, statistic, table

CLOCK = Clock(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, 18, tzinfo=UTC))
UNKNOWN = ("standard_error", "ci_low", "ci_high", "ci_method", "is_small_sample")


def _rows(stats: pa.Table, **lower_is_better: bool) -> list[dict[str, Any]]:
    rows = scored(stats, shown_release(stats, **lower_is_better), CLOCK)
    COMPREHENSIVE_STATS.validate(rows)
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


def test_values_of_0_and_1_have_wilsons_interval() -> None:
    # 8 of 10: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), z = 1.959964
    [row] = _rows(table(statistic("m/a", [1] * 8 + [0] * 2, metric_name="exact_match")))
    z, n, p = 1.959963984540054, 10, 0.8
    middle, half = p + z**2 / (2 * n), z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))

    assert (row["mean_score"], row["accuracy"], row["ci_method"], row["is_small_sample"]) == (0.8, 0.8, "wilson", True)
    assert row["ci_low"] == pytest.approx((middle - half) / (1 + z**2 / n))
    assert row["ci_high"] == pytest.approx((middle + half) / (1 + z**2 / n))
    # sqrt(m2 / (n - 1) / n), m2 = 8 x 0.2² + 2 x 0.8²
    assert row["standard_error"] == pytest.approx(sqrt(1.6 / 9 / 10))


def test_other_values_have_students_interval() -> None:
    # 1, 2, 3: standard deviation 1, error 1 / sqrt(3); t of 2 degrees of freedom at 97.5 % is 4.302653
    [row] = _rows(table(statistic("m/a", [1, 2, 3])))

    assert (row["mean_score"], row["std_score"], row["min_score"], row["max_score"]) == (2, 1, 1, 3)
    assert row["ci_method"] == "t"
    assert row["ci_low"] == pytest.approx(2 - 4.302653 / sqrt(3), rel=1e-6)
    assert row["ci_high"] == pytest.approx(2 + 4.302653 / sqrt(3), rel=1e-6)


def test_from_100_instances_on_a_sample_is_not_small() -> None:
    rows = _rows(table(*(statistic(f"m/{n}", [0.1, 0.2] * (n // 2) + [0.3] * (n % 2)) for n in (99, 100))))

    assert {row["n_scored"]: row["is_small_sample"] for row in rows} == {99: True, 100: False}


def test_a_pooled_error_replaces_the_error_over_all_instances() -> None:
    # Wilson's interval of as many draws as an error of 0.1 is worth at 0.8: 0.8 x 0.2 / 0.1² = 16, times (z / t)² with
    # the quantile 2.2622 of Student's t for 9 degrees of freedom
    pooled = {"standard_error": 0.1, "standard_error_method": "pooled"}
    [row] = _rows(table(statistic("m/a", [1] * 8 + [0] * 2, metric_name="acc,none", **pooled)))
    z, p = 1.959963984540054, 0.8
    n = 16 * (z / 2.2621571628) ** 2
    middle, half = p + z**2 / (2 * n), z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))

    assert (row["standard_error"], row["accuracy"], row["ci_method"]) == (0.1, 0.8, "wilson_effective")
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        ((middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n))
    )


def test_an_error_by_another_method_is_taken_over_all_instances() -> None:
    stated = {"standard_error": 0.1, "standard_error_method": "sample"}
    [row] = _rows(table(statistic("m/a", [1] * 8 + [0] * 2, metric_name="acc,none", **stated)))

    assert (row["standard_error"], row["ci_method"]) == (pytest.approx(sqrt(1.6 / 9 / 10)), "wilson")


@pytest.mark.parametrize(
    ("source", "own", "common"),
    [
        ("helm", "gsm", "gsm8k"),
        ("eval_harness", "gsm8k_cot", "gsm8k"),
        ("eval_harness", "gsm8k", "gsm8k"),
        ("eval_harness", "mmlu_anatomy", "mmlu"),
        ("eval_harness", "gsm", "gsm"),  # nobody says that this task is GSM8K
        ("helm", "imdb", "imdb"),
        ("helm", None, None),
    ],
)
def test_a_scenario_is_found_by_its_common_name(source: str, own: str | None, common: str | None) -> None:
    other = statistic("m/a", [1.0], metric_name="other", dataset_name="boolq")
    rows = _rows(table(statistic("m/a", [1.0], source=source, dataset_name=own), other))
    assert {row["metric_name"]: row["common_name"] for row in rows if row["metric_name"] == "other"} == {
        "other": "boolq"
    }
    assert [row["common_name"] for row in rows if row["metric_name"] != "other"] == [common]


def test_a_mean_that_is_only_reported_has_no_interval() -> None:
    [row] = _rows(table(reported("m/a", 0.25)))

    assert (row["mean_score"], row["score_origin"], row["total_samples"]) == (0.25, "reported", None)
    assert [row[name] for name in UNKNOWN] == [None] * 5


def test_one_instance_gives_no_interval_and_no_instance_gives_no_score() -> None:
    one, none = _rows(table(statistic("m/a", [0.5]), statistic("m/b", [])))

    assert (one["mean_score"], one["std_score"], none["mean_score"], none["score_origin"]) == (0.5, None, None, None)
    assert [row[name] for row in (one, none) for name in UNKNOWN] == [None] * 10


def test_scores_rank_within_their_variant_by_the_metrics_direction() -> None:
    scores = {"m/a": [0.1, 0.2], "m/b": [0.3, 0.4], "m/c": [0.1, 0.2]}
    rows = [statistic(model, values) for model, values in scores.items()]
    rows += [statistic(model, values, metric_name="loss") for model, values in scores.items()]
    rows += [statistic("m/a", [0.9, 0.8], metric_name="size"), statistic("m/d", [1, 0], variant="math")]
    ranks = {
        (row["metric_name"], row["model_name"]): (row["rank"], row["n_ranked"])
        for row in _rows(table(*rows), loss=True)
    }

    assert ranks == {
        ("f1", "m/a"): (2, 3),
        ("f1", "m/b"): (1, 3),
        ("f1", "m/c"): (2, 3),
        ("loss", "m/a"): (1, 3),
        ("loss", "m/b"): (3, 3),
        ("loss", "m/c"): (1, 3),
        ("size", "m/a"): (None, None),
        ("f1", "m/d"): (1, 1),
    }


def test_only_metrics_of_right_and_wrong_outputs_have_an_accuracy() -> None:
    names = ("exact_match", "quasi_prefix_exact_match@5", "f1", "math_equiv", "exact_match_not")
    rows = _rows(table(*(statistic("m/a", [1, 0], metric_name=name) for name in names)))

    assert {row["evaluation_method_name"]: row["accuracy"] for row in rows} == dict(
        zip(names, [0.5, 0.5, None, 0.5, None], strict=True)
    )


def test_rows_carry_the_clock_and_the_release() -> None:
    [row] = _rows(table(statistic("m/a", [1, 0])))

    assert (row["release"], row["pipeline_stage"], row["shard"]) == (
        "v1.0.0",
        "comprehensive_statistics",
        "helm_lite_part_00001",
    )
    assert (row["processed_at"], row["data_freshness_hours"]) == (CLOCK.processed_at, 6.0)


def test_only_the_runs_that_the_release_shows_are_scored() -> None:
    stats = table(statistic("m/a", [1, 0]), statistic("m/b", [1, 0], suite="v2"))
    both = shown_release(stats)
    one = type(both)(both.name, frozenset({("v2", "gsm:model=m_b")}), both.lower_is_better)

    assert scored(stats, one, CLOCK)["model_name"].to_pylist() == ["m/b"]
    assert scored(stats, both, CLOCK).num_rows == 2


def test_real_statistics_have_intervals_wherever_outputs_determine_them(real_scores: RealScores) -> None:
    methods = set()
    for benchmark in real_scores:
        COMPREHENSIVE_STATS.validate(benchmark.comprehensive)
        rows = benchmark.comprehensive.to_pandas()
        is_of_outputs = (rows["n_scored"] > 1) & (rows["score_origin"] == "outputs")
        is_calibration = rows["evaluation_method_name"].str.startswith("ece_")  # It is no mean over instances.
        assert rows[is_calibration]["ci_method"].isna().all()
        several = rows[is_of_outputs & ~is_calibration]
        assert len(several) > 500
        assert several["ci_method"].notna().all()
        assert (several["ci_low"] <= several["mean_score"] + 1e-12).all()
        assert (several["ci_high"] >= several["mean_score"] - 1e-12).all()
        assert rows[rows["score_origin"] != "outputs"]["ci_method"].isna().all()
        error = several["std_score"] / np.sqrt(several["n_scored"].astype(float))
        is_single = several["n_trials"] == 1
        assert np.allclose(several["standard_error"][is_single], error[is_single], rtol=1e-12, atol=0)
        assert (several["standard_error"] >= error * (1 - 1e-12)).all()  # Trials add their variance.
        methods |= set(several["ci_method"])
    assert methods == {"wilson", "wilson_effective", "t"}


def test_a_run_of_which_rows_are_missing_has_its_reported_score_without_error_or_interval() -> None:
    # The 5 rows that are left of 100 are all right; the source reported 5 %.
    numbers = {"reported_count": 1, "reported_sum": 0.05, "reported_mean": 0.05}
    cut = statistic("m/cut", [1] * 5, metric_name="acc", is_complete=False, n_rejected=95, **numbers)
    whole = statistic("m/whole", [1] * 3 + [0] * 7, metric_name="acc")
    rows = {row["model_name"]: row for row in _rows(table(cut, whole), acc=False)}

    row = rows["m/cut"]
    assert (row["mean_score"], row["accuracy"], row["score_origin"]) == (0.05, 0.05, "reported")
    assert (row["is_complete"], row["n_rejected"], row["unscored_reason"]) == (False, 95, ROWS_MISSING)
    assert [row[name] for name in (*UNKNOWN, "std_score", "min_score", "max_score")] == [None] * 8
    assert (row["n_scored"], row["total_samples"]) == (5, 5)
    assert (rows["m/whole"]["rank"], row["rank"]) == (1, 2)


def test_a_run_that_is_not_scored_and_of_which_nothing_was_reported_has_no_score_and_no_rank() -> None:
    reason = "9 of 10 values are not finite."
    [row] = _rows(table(statistic("m/a", [3.0], n_instances=10, unscored_reason=reason)))

    assert [row[name] for name in ("mean_score", "score_origin", "rank", "n_ranked")] == [None] * 4
    assert row["unscored_reason"] == reason
