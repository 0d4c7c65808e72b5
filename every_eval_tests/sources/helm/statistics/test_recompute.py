"""Statistics from single outputs, compared with numbers computed by hand."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.stats import RECOMPUTED, STATISTIC_KEY
from every_eval_tests.sources.helm.statistics.metric_rows import helm_metrics, perturbed, row, summarise, table


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found: list[dict[str, Any]] = summarise(table(rows), has_worst_cases=False).to_pylist()
    assert len(found) == 1
    return found[0]


def test_one_trial_gives_the_moments_of_its_values() -> None:
    # values 1, 2, 6: mean 3, deviations -2, -1, 3, squares 4 + 1 + 9 = 14
    found = only([row("a", 1.0), row("b", 2.0), row("c", 6.0)])
    assert [found[name] for name in ("n_instances", "n_scored", "n_trials")] == [3, 3, 1]
    assert [found[name] for name in ("mean", "m2", "min", "max")] == [3.0, 14.0, 1.0, 6.0]
    assert [found[name] for name in ("trial_sum", "trial_min", "trial_max")] == [3.0, 3.0, 3.0]


def test_trials_are_averaged_within_their_instance_before_instances_are_compared() -> None:
    # trial means 2 and 4; instances a = (1 + 5) / 2 = 3 and b = (3 + 3) / 2 = 3
    found = only([row("a", 1.0), row("b", 3.0), row("a", 5.0, train_trial_index=1), row("b", 3.0, train_trial_index=1)])
    assert [found[name] for name in ("mean", "m2", "min", "max")] == [3.0, 0.0, 3.0, 3.0]
    assert [found[name] for name in ("n_trials", "trial_sum", "trial_min", "trial_max")] == [2, 6.0, 2.0, 4.0]


def test_the_mean_is_over_trials_and_weighs_a_trial_by_no_number_of_instances() -> None:
    # HELM: trial 0 has mean (0 + 0 + 3) / 3 = 1, trial 1 has mean 5, and the mean of both is 3
    rows = [row("a", 0.0), row("b", 0.0), row("c", 3.0), row("c", 5.0, train_trial_index=1)]
    assert only(rows)["mean"] == 3.0


def test_rows_of_one_output_are_pooled_by_sum_and_count() -> None:
    # a: (1 + 0 + 0 + 0) / 4 in two rows; b: 1 / 1. HELM's trial mean is (1 + 1) / (4 + 1)
    rows = [row("a", 0.5, count=2), row("a", 0.0, count=2, occurrence=1), row("b", 1.0)]
    found = only(rows)
    assert (found["mean"], found["min"], found["max"]) == (pytest.approx(0.4, rel=1e-15), 0.25, 1.0)
    assert found["n_instances"] == 2


def test_an_entry_of_count_0_is_measured_but_not_scored() -> None:
    found = only([row("a", 2.0), row("b", None)])
    assert [found[name] for name in ("n_instances", "n_scored", "mean", "min")] == [2, 1, 2.0, 2.0]


def test_a_value_that_is_not_finite_leaves_the_statistic_with_counts_alone() -> None:
    broken = row("b", 1.0) | {"sum": None, "min": None, "max": None, "value": None}
    found = only([row("a", 2.0), broken])
    assert [found[name] for name in ("n_instances", "n_scored", "n_values", "n_not_finite")] == [2, 1, 1, 1]
    assert {found[name] for name in ("sum", "mean", "m2", "min", "max", "trial_sum", "is_binary")} == {None}


def test_the_worst_of_values_is_unknown_if_one_of_them_is_not_finite() -> None:
    broken = row("a", 1.0, perturbation=perturbed(robustness=True)) | {"sum": None, "min": None, "max": None}
    found = summarise(table([row("a", 2.0), broken, row("b", 5.0)])).to_pylist()
    worst = {each["perturbation_name"]: each for each in found if each["computed_on"] == "worst"}
    assert {name: (each["mean"], each["n_not_finite"]) for name, each in worst.items()} == {
        "typos": (None, 1),
        "robustness": (None, 1),
        "fairness": (3.5, 0),
    }


def test_sums_are_added_one_value_after_the_other_as_helm_adds_them() -> None:
    # 1 + 2^-53 is 1 (ties to even), so from 1 on nothing is added; in pairs, or from the end, the small ones count.
    small = 2.0**-53
    rows = [row(f"id{i}", 1.0 if i == 0 else small) for i in range(1000)]
    assert only(rows)["mean"] == 1.0 / 1000
    # From the other end, 999 small values come before 1: each of their sums is exact.
    assert only(rows[::-1])["mean"] == (1.0 + 999 * small) / 1000


def test_windows_of_a_text_are_added_to_the_trial_and_not_first_to_their_instance() -> None:
    # In HELM's order 1, 2^-53, 2^-53: the sum stays 1. Instance b by itself would be 2^-52, and the sum 1 + 2^-52.
    small = 2.0**-53
    found = only([row("a", 1.0), row("b", small), row("b", small, occurrence=1)])
    assert found["sum"] == 1.0 / 3
    assert found["sum"] != (1.0 + 2 * small) / 3


def test_trials_are_added_one_after_the_other() -> None:
    small = 2.0**-53
    found = only([row("a", 1.0 if trial == 0 else small, train_trial_index=trial) for trial in range(9)])
    assert (found["sum"], found["mean"], found["n_trials"]) == (1.0, 1.0 / 9, 9)


def test_without_a_value_everything_but_the_counts_is_null() -> None:
    found = only([row("a", None), row("b", None, train_trial_index=1)])
    assert [found[name] for name in ("n_instances", "n_scored", "n_trials")] == [2, 0, 0]
    assert {found[name] for name in ("mean", "m2", "min", "max", "trial_sum", "trial_min", "is_binary")} == {None}


def test_only_values_of_0_and_1_in_every_trial_are_binary() -> None:
    assert only([row("a", 1.0), row("b", 0.0)])["is_binary"] is True
    assert only([row("a", 1.0), row("a", 0.0, train_trial_index=1)])["is_binary"] is True
    assert only([row("a", 1.0), row("a", 0.5, train_trial_index=1)])["is_binary"] is False


def test_splits_sub_splits_and_perturbations_are_statistics_of_their_own() -> None:
    first = '{"name":"typos","prob":0.1}'
    second = '{"name":"typos","prob":0.2}'
    rows = [
        row("a", 1.0),
        row("a", 2.0, split="valid"),
        row("a", 3.0, sub_split="toxic"),
        row("a", 4.0, split=None),
        row("a", 5.0, perturbation=first, perturbation_name="typos"),
        row("a", 6.0, perturbation=second, perturbation_name="typos"),
    ]
    found = summarise(table(rows), has_worst_cases=False).to_pylist()
    assert sorted(statistic["mean"] for statistic in found) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert [statistic["computed_on"] for statistic in found if statistic["perturbation_name"]] == ["perturbed"] * 2


def test_the_order_of_the_rows_changes_nothing() -> None:
    metrics = helm_metrics()
    shuffled = metrics.take(np.random.default_rng(0).permutation(metrics.num_rows))
    ours, theirs = summarise(metrics), summarise(shuffled)
    for field in ours.schema:
        found, expected = ours[field.name].to_pylist(), theirs[field.name].to_pylist()
        is_close = pa.types.is_floating(field.type) and None not in expected
        assert found == (pytest.approx(expected, rel=1e-13) if is_close else expected)


def test_no_rows_give_no_statistics_in_the_same_columns() -> None:
    empty = summarise(table([]))
    assert empty.num_rows == 0
    assert empty.schema == summarise(table([row("a", 1.0)])).schema
    names = [column.name for column in (*STATISTIC_KEY, *RECOMPUTED)]
    assert empty.column_names[: len(names)] == names


def test_values_around_1e9_keep_the_digits_of_their_variance() -> None:
    # deviations -1, 0, 1 thousandth: m2 = 2e-6; doubles around 1e9 are 1.2e-7 apart
    found = only([row("a", 1e9 - 1e-3), row("b", 1e9), row("c", 1e9 + 1e-3)])
    assert found["m2"] == pytest.approx(2e-6, rel=1e-3)


def test_chunks_of_a_table_change_nothing() -> None:
    metrics = helm_metrics()
    chunked = pa.concat_tables([metrics.slice(0, 7), metrics.slice(7)])
    assert summarise(chunked).equals(summarise(metrics))
