"""Perplexity and similar metrics, compared with numbers computed by hand."""

import math
from typing import Any

import numpy as np
import pytest

from every_eval_tests.sources.helm.statistics.metric_rows import perturbed, row, summarise, table

Rows = list[dict[str, Any]]


def output(instance_id: str, logprob: float, tokens: int, n_bytes: int, **rest: Any) -> Rows:
    values = {"logprob": logprob, "num_perplexity_tokens": float(tokens), "num_bytes": float(n_bytes)}
    return [row(instance_id, value, metric_name=name, **rest) for name, value in values.items()]


def find(rows: Rows, name: str, **key: Any) -> dict[str, Any]:
    found: Rows = summarise(table(rows), has_worst_cases=False).to_pylist()
    (statistic,) = [each for each in found if each | key == each and each["metric_name"] == name]
    return statistic


def test_ratios_are_of_the_sums_over_all_instances() -> None:
    rows = [*output("a", -3.0, 4, 10), *output("b", -9.0, 8, 30)]
    # -12 over 12 tokens and 40 bytes
    assert find(rows, "perplexity")["mean"] == pytest.approx(math.e, rel=1e-14)
    assert find(rows, "bits_per_byte")["mean"] == pytest.approx(12 / 40 / math.log(2), rel=1e-14)
    assert find(rows, "logprob_per_byte")["mean"] == pytest.approx(-12 / 40, rel=1e-14)


def test_each_trial_has_its_ratio_and_the_mean_is_over_trials() -> None:
    rows = [*output("a", -2.0, 2, 4), *output("a", -6.0, 2, 4, train_trial_index=1)]
    found = find(rows, "perplexity")
    assert found["mean"] == pytest.approx((math.e + math.e**3) / 2, rel=1e-14)
    assert (found["trial_min"], found["trial_max"]) == (pytest.approx(math.e), pytest.approx(math.e**3))
    assert [found[name] for name in ("n_instances", "n_scored", "n_trials")] == [1, 1, 2]


def test_every_perturbation_and_split_has_its_own_ratio() -> None:
    typos = perturbed()
    rows = [*output("a", -2.0, 2, 4), *output("a", -4.0, 2, 4, perturbation=typos), *output("a", 0.0, 2, 4, split="v")]
    assert find(rows, "logprob_per_byte", perturbation=None, split="test")["mean"] == -0.5
    assert find(rows, "logprob_per_byte", perturbation=typos)["mean"] == -1.0
    assert find(rows, "logprob_per_byte", split="v")["mean"] == 0.0


def test_windows_of_a_long_text_are_one_instance() -> None:
    rows = [*output("a", -1.0, 1, 2), *output("a", -5.0, 3, 4, occurrence=1)]
    found = find(rows, "logprob_per_byte")
    assert (found["mean"], found["n_instances"]) == (-1.0, 1)


def test_shares_are_the_ratio_linearised() -> None:
    # r = -12 / 40; shares r + (s - r t) 2 / 40: a: -0.3 + (-3 + 3) / 20, b: -0.3 + (-9 + 9) / 20
    found = find([*output("a", -3.0, 4, 10), *output("b", -9.0, 8, 30)], "logprob_per_byte")
    assert (found["m2"], found["min"], found["max"]) == pytest.approx((0.0, -0.3, -0.3), abs=1e-16)
    # r = -10 / 40; a: -0.25 + (-1 + 2.5) / 20 = -0.175, b: -0.25 + (-9 + 7.5) / 20 = -0.325
    found = find([*output("a", -1.0, 4, 10), *output("b", -9.0, 8, 30)], "logprob_per_byte")
    assert (found["m2"], found["min"], found["max"]) == pytest.approx((2 * 0.075**2, -0.325, -0.175))


def test_the_spread_of_shares_is_the_standard_error_of_perplexity() -> None:
    rng = np.random.default_rng(7)

    def draw(n: int) -> dict[str, Any]:
        tokens = rng.integers(5, 50, n)
        logprobs = -tokens * rng.gamma(8.0, 0.1, n)
        rows = [line for i in range(n) for line in output(f"id{i}", float(logprobs[i]), int(tokens[i]), 1)]
        return find(rows, "perplexity")

    drawn = [draw(200) for _ in range(300)]
    estimated = np.mean([math.sqrt(found["m2"] / 199 / 200) for found in drawn])
    actual = np.std([found["mean"] for found in drawn], ddof=1)
    # the standard deviation of 300 draws is known to about 1 / sqrt(2 * 300) = 4 %
    assert estimated == pytest.approx(actual, rel=0.12)


def test_without_tokens_there_is_no_perplexity() -> None:
    found = summarise(table([*output("a", -1.0, 0, 0), row("a", 1.0)]), has_worst_cases=False)
    assert found["metric_name"].to_pylist() == ["f1", "logprob", "num_bytes", "num_perplexity_tokens"]


def test_a_log_probability_that_is_not_finite_leaves_the_ratio_undefined() -> None:
    broken = output("b", -1.0, 2, 4)
    broken[0] |= {"sum": None, "min": None, "max": None, "value": None}
    found = find([*output("a", -3.0, 3, 6), *broken], "perplexity")
    assert (found["mean"], found["m2"], found["n_instances"], found["n_scored"]) == (None, None, 2, 1)


def test_a_perplexity_that_the_run_measured_itself_is_not_derived_again() -> None:
    found = find([*output("a", -3.0, 3, 6), row("a", 7.0, metric_name="perplexity")], "perplexity")
    assert found["mean"] == 7.0


def test_ratios_have_no_worst_cases() -> None:
    found = summarise(table(output("a", -3.0, 3, 6))).to_pylist()
    assert {each["computed_on"] for each in found if each["metric_name"] == "perplexity"} == {None}
