from typing import Any

import pytest

from every_eval.sources.helm.tables.pooling import Matcher, Pooled, pool
from every_eval.sources.helm.tables.table_runs import TableRun
from every_eval_tests.sources.helm.tables.reported import recomputed, reported_run, statistic, unreported, worst

F1 = Matcher("f1", "test")


def _run(*statistics: dict[str, Any]) -> TableRun:
    return reported_run("a", statistics=statistics)


def _reported(value: float, n_runs: int, n_trials: int) -> Pooled:
    """Return a cell of statistics that HELM alone reported."""
    return Pooled(value, n_runs, n_trials, value, "reported")


def test_a_run_weighs_as_many_times_as_it_has_trials() -> None:
    # (0.9 + 0.3 + 0.3 + 0.3) / 4, not the mean 0.6 of the two runs' means.
    runs = [_run(statistic("f1", 1, 0.9)), _run(statistic("f1", 3, 0.9))]

    assert pool(runs, F1) == _reported((0.9 + 0.9) / 4, n_runs=2, n_trials=4)


def test_sums_are_added_in_the_runs_order() -> None:
    # From the left 0.1 + 0.2 + 0.3 is 0.6000000000000001, and 0.3 + 0.2 + 0.1 is 0.6.
    runs = [_run(statistic("f1", 1, value)) for value in (0.1, 0.2, 0.3)]

    assert pool(runs, F1).value == (0.1 + 0.2 + 0.3) / 3
    assert pool(runs[::-1], F1).value == (0.3 + 0.2 + 0.1) / 3
    assert pool(runs, F1).value != pool(runs[::-1], F1).value


def test_sub_splits_merge_within_a_run_before_runs_do() -> None:
    # Within the run: 0.2 + 0.3; then 0.1 is added to it from the left: 0.1 + (0.2 + 0.3).
    parts = _run(statistic("f1", 1, 0.2, sub_split="x"), statistic("f1", 1, 0.3, sub_split="y"))

    assert pool([_run(statistic("f1", 1, 0.1)), parts], F1) == _reported((0.1 + (0.2 + 0.3)) / 3, 2, 3)


def test_a_named_sub_split_is_taken_alone() -> None:
    run = _run(statistic("f1", 2, 0.5, sub_split="x"), statistic("f1", 3, 0.9, sub_split="y"))

    assert pool([run], F1._replace(sub_split="y")) == _reported(0.9 / 3, 1, 3)


def test_a_run_without_the_statistic_is_not_pooled() -> None:
    runs = [_run(statistic("f1", 1, 0.5)), _run(statistic("f1", 1, 0.9, split="valid")), _run(statistic("em", 1, 0.9))]

    assert pool(runs, F1) == _reported(0.5, 1, 1)


def test_nothing_pooled_is_undefined() -> None:
    assert pool([], F1) == Pooled(None, 0, 0)
    assert pool([_run(statistic("em", 1, 0.5))], F1) == Pooled(None, 0, 0)


def test_a_statistic_over_no_trial_is_undefined_but_was_there() -> None:
    assert pool([_run(statistic("f1", 0, 0.0))], F1) == Pooled(None, 1, 0)


def test_what_is_not_finite_makes_the_cell_undefined() -> None:
    assert pool([_run(statistic("f1", 1, None)), _run(statistic("f1", 1, 0.5))], F1) == Pooled(None, 2, 2)


def test_every_split_can_be_asked_for() -> None:
    assert pool([_run(statistic("f1", 1, 0.5, split="valid"))], Matcher("f1", "__all__")) == _reported(0.5, 1, 1)


def test_perturbed_and_original_texts_are_told_apart() -> None:
    run = _run(statistic("f1", 1, 0.5), statistic("f1", 1, 0.2, perturbation=worst("robustness")))

    assert pool([run], F1).value == 0.5
    assert pool([run], F1._replace(perturbation_name="robustness")).value == 0.2
    assert pool([run], F1._replace(perturbation_name="fairness")).n_runs == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"perturbation": worst("typos", prob=0.1)}, {"perturbation": worst("typos", prob=0.2)}),
        ({"perturbation": worst("typos"), "split": "valid"}, {"perturbation": worst("typos"), "split": "test"}),
    ],
)
def test_what_helm_would_not_merge_is_left_out(one: dict[str, Any], other: dict[str, Any]) -> None:
    run = _run(statistic("f1", 1, 0.5, **one), statistic("f1", 1, 0.7, **other))

    assert pool([run], Matcher("f1", "__all__", "typos")) == Pooled(None, 0, 0)


def test_exact_match_stands_in_for_quasi_exact_match_alone() -> None:
    quasi = Matcher("quasi_exact_match", "test")
    exact = _run(statistic("exact_match", 1, 0.25))
    both = _run(statistic("exact_match", 1, 0.25), statistic("quasi_exact_match", 1, 0.75))

    assert pool([exact], quasi).value == 0.25
    assert pool([both], quasi).value == 0.75
    assert pool([_run(statistic("quasi_exact_match", 1, 0.75))], Matcher("exact_match", "test")).value is None


def test_a_cell_is_made_of_outputs_and_shows_beside_it_what_helm_reported() -> None:
    # Outputs: (0.5 + 1.5) / (1 + 3). HELM reported (0.9 + 1.5) / (1 + 3).
    runs = [
        _run(recomputed(statistic("f1", 1, 0.9), 1, 0.5)),
        _run(recomputed(statistic("f1", 3, 1.5), 3, 1.5)),
    ]

    assert pool(runs, F1) == Pooled(2.0 / 4, 2, 4, 2.4 / 4, "outputs")


def test_one_statistic_that_is_only_reported_makes_a_cell_reported() -> None:
    runs = [_run(recomputed(statistic("f1", 1, 0.9), 1, 0.5)), _run(statistic("f1", 1, 0.7))]

    assert pool(runs, F1) == Pooled((0.5 + 0.7) / 2, 2, 2, (0.9 + 0.7) / 2, "reported")


def test_a_statistic_that_was_not_reported_comes_from_outputs_and_leaves_the_reported_value_open() -> None:
    runs = [_run(unreported(recomputed(statistic("f1", 1, 0.9), 1, 0.5))), _run(statistic("f1", 1, 0.7))]

    assert pool(runs, F1) == Pooled((0.5 + 0.7) / 2, 2, 2, None, "reported")
    assert pool(runs[:1], F1) == Pooled(0.5, 1, 1, None, "outputs")


@pytest.mark.parametrize("damage", [{"is_complete": False}, {"unscored_reason": "1 of 3 values is not finite."}])
def test_outputs_that_cannot_be_scored_leave_the_reported_number(damage: dict[str, Any]) -> None:
    assert pool([_run(recomputed(statistic("f1", 1, 0.9), 1, 0.5, **damage))], F1) == _reported(0.9, 1, 1)


def test_a_cell_of_which_a_statistic_is_missing_is_blank_and_says_why() -> None:
    whole = _run(recomputed(statistic("f1", 1, 0.9), 1, 0.5))
    damaged = _run(recomputed(statistic("em", 1, 0.9), 1, 0.5, is_complete=False))
    unread = _run(unreported(recomputed(statistic("em", 1, 0.9), 1, 0.5)))

    assert pool([whole, damaged], F1) == Pooled(None, 1, 1, blank_reason="The statistic of the run s1/a is missing.")
    assert pool([whole, damaged, unread], F1).blank_reason == (
        "The statistics of 2 runs are missing, for example of s1/a."
    )
    unscored = _run(unreported(recomputed(statistic("f1", 1, 0.9), 1, 0.5, is_complete=False)))
    assert pool([whole, unscored], F1).blank_reason == "The statistic of the run s1/a is missing."
    # In a complete run, a metric that is not there was never measured.
    assert pool([whole, _run(statistic("em", 1, 0.9))], F1).value == 0.5


def test_nothing_stands_in_for_a_statistic_that_may_be_lost() -> None:
    damaged = _run(recomputed(statistic("exact_match", 1, 0.25), 1, 0.25, is_complete=False))

    assert pool([damaged], Matcher("quasi_exact_match", "test")).value is None
