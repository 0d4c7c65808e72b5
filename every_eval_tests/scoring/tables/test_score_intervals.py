"""The interval of a single score, and of a cell that pools several."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from every_eval.scoring.tables.score_intervals import statistic_intervals
from every_eval_tests.scoring.run_stats import statistic, table


def interval(values: list[float], **rest: Any) -> tuple[float, float, str]:
    found = statistic_intervals(table(statistic("m/a", values, **rest)))
    return float(found.low[0]), float(found.high[0]), str(found.method[0])


def wilson(p: float, n: float) -> tuple[float, float]:
    """Ends of Wilson's interval, as the roots q of (p - q)² = z² q (1 - q) / n."""
    z = scipy_stats.norm.ppf(0.975)
    roots = np.roots([1 + z**2 / n, -2 * p - z**2 / n, p**2])
    return float(min(roots)), float(max(roots))


def test_values_in_a_stated_range_have_wilsons_interval_of_an_effective_number() -> None:
    # The formulas of docs/statistics.md: with p = 0.5 and n = 4, (n p + 2) / (n + 4) = 0.5;
    # s̃² = ((n - 1) s² + 0.25) / 4 with (n - 1) s² = 2 · 0.2² + 2 · 0.1² = 0.1
    values = [0.3, 0.4, 0.6, 0.7]
    error_squared = (0.1 + 0.25) / 4 / 4
    t, z = scipy_stats.t.ppf(0.975, 3), scipy_stats.norm.ppf(0.975)
    low, high, method = interval(values, metric_name="f1_score")
    assert method == "wilson_effective"
    assert (low, high) == pytest.approx(wilson(0.5, 0.25 / error_squared * (z / t) ** 2))


def test_scores_that_are_nearly_all_0_keep_an_interval_within_the_range() -> None:
    low, high, _ = interval([0.0] * 49 + [0.7], metric_name="rouge_l")
    assert 0 <= low < 0.014 < high < 1


def test_a_range_of_minus_1_to_1_is_rescaled() -> None:
    low, high, method = interval([-1.0, 1.0, 1.0, 1.0], metric_name="bbq_metric_ambiguous_bias")
    of_shares = interval([0.0, 1.0, 1.0, 1.0], metric_name="edit_similarity", is_binary=False)
    assert method == "wilson_effective"
    assert (low, high) == pytest.approx((2 * of_shares[0] - 1, 2 * of_shares[1] - 1))


@pytest.mark.parametrize("name", ["bleu", "num_output_tokens"])
def test_a_metric_without_a_stated_range_or_with_an_open_one_has_students_t(name: str) -> None:
    assert interval([0.2, 0.4, 0.5], metric_name=name)[2] == "t"
    # A number of tokens that is always 1 is no share of right answers.
    assert interval([1.0, 1.0, 1.0], metric_name="num_output_tokens") == (1.0, 1.0, "t")


def test_values_beyond_the_stated_range_have_students_t() -> None:
    assert interval([0.5, 20.0, 40.0], metric_name="f1_score")[2] == "t"


def test_clusters_count_in_place_of_instances() -> None:
    # Two passages, one all right and one all wrong: mean 0.5, u = G / n Σ (x - mean) = 2 / 6 · ±1.5 = ±0.5.
    clustered = {"n_clusters": 2, "cluster_m2": 0.5}
    values = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    low, high, method = interval(values, metric_name="acc,none", **clustered)
    # s̃² = ((G - 1) s² + q (1 - q)) / G = (0.5 + 0.25) / 2 with q = 0.5, and t has one degree of freedom
    t, z = scipy_stats.t.ppf(0.975, 1), scipy_stats.norm.ppf(0.975)
    assert method == "wilson_effective"
    assert (low, high) == pytest.approx(wilson(0.5, 0.25 / (0.75 / 2 / 2) * (z / t) ** 2))
    assert interval(values, metric_name="acc,none", n_clusters=6, cluster_m2=1.5)[2] == "wilson"


def test_the_spread_between_trials_is_added() -> None:
    # n = 3, T = 2: s²(items) / n = 1 / 3, and (0.5 - 0.3 / 3) / 2 of the trials
    trials = {"n_trials": 2, "trial_variance": 0.5, "residual_mean_square": 0.3}
    found = statistic_intervals(table(statistic("m/a", [1.0, 2.0, 3.0], metric_name="bleu", **trials)))
    assert found.standard_error[0] == pytest.approx(sqrt(1 / 3 + (0.5 - 0.1) / 2))
    assert found.high[0] - found.low[0] > 2 * 1.96 * found.standard_error[0]
