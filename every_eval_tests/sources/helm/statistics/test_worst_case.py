"""Worst cases over perturbations, compared with numbers computed by hand and with HELM's own."""

import json
from typing import Any

import pyarrow as pa

from every_eval_tests.sources.helm.statistics.metric_rows import perturbed, row, summarise, table

ROBUST = perturbed(robustness=True)
FAIR = perturbed(name="dialect", fairness=True)

# instance a was changed by both perturbations, b by the robust one alone, c by none
ROWS = [
    row("a", 1.0),
    row("b", 0.0),
    row("c", 0.5),
    row("a", 0.2, perturbation=ROBUST),
    row("b", 0.8, perturbation=ROBUST),
    row("a", 0.4, perturbation=FAIR),
]


def statistics(metrics: pa.Table) -> dict[tuple[str | None, str | None], dict[str, Any]]:
    return {(found["perturbation_name"], found["computed_on"]): found for found in summarise(metrics).to_pylist()}


def test_original_is_what_the_unchanged_text_of_changed_instances_gave() -> None:
    found = statistics(table(ROWS))
    assert (found["typos", "original"]["mean"], found["typos", "original"]["n_instances"]) == (0.5, 2)
    assert (found["dialect", "original"]["mean"], found["dialect", "original"]["n_instances"]) == (1.0, 1)


def test_worst_is_the_smaller_of_an_instance_and_its_changed_copy() -> None:
    found = statistics(table(ROWS))
    # typos: a min(1, 0.2), b min(0, 0.8); dialect: a min(1, 0.4)
    assert (found["typos", "worst"]["mean"], found["dialect", "worst"]["mean"]) == (0.1, 0.4)


def test_pools_take_the_smallest_over_all_perturbations_of_their_kind_on_every_instance() -> None:
    found = statistics(table(ROWS))
    # robustness: a 0.2, b 0, c 0.5; fairness: a 0.4, b 0, c 0.5
    assert (found["robustness", "worst"]["mean"], found["robustness", "worst"]["n_instances"]) == (0.7 / 3, 3)
    assert (found["fairness", "worst"]["mean"], found["fairness", "worst"]["n_instances"]) == (0.3, 3)


def test_pools_are_described_as_helm_describes_them() -> None:
    found = statistics(table(ROWS))
    assert json.loads(found["robustness", "worst"]["perturbation"]) == {
        "name": "robustness",
        "robustness": True,
        "fairness": False,
        "computed_on": "worst",
    }
    assert found["typos", "worst"]["perturbation"] == ROBUST.replace('"perturbed"', '"worst"')
    assert ("typos", "perturbed") in found


def test_without_perturbations_the_pools_are_the_statistic_itself() -> None:
    found = statistics(table(ROWS[:3]))
    assert set(found) == {(None, None), ("robustness", "worst"), ("fairness", "worst")}
    assert {statistic["mean"] for statistic in found.values()} == {0.5}


def test_the_worst_of_several_values_of_an_output_is_the_smallest_of_them() -> None:
    several = row("a", 0.5, count=2) | {"min": 0.0, "max": 1.0}
    assert statistics(table([several]))["fairness", "worst"]["mean"] == 0.0


def test_the_worst_case_is_taken_within_a_trial() -> None:
    # trial 0: min(1, 0) = 0, trial 1: min(0, 1) = 0; means over both trials first would give 0.5
    rows = [
        row("a", 1.0),
        row("a", 0.0, perturbation=ROBUST),
        row("a", 0.0, train_trial_index=1),
        row("a", 1.0, perturbation=ROBUST, train_trial_index=1),
    ]
    found = statistics(table(rows))["typos", "worst"]
    assert (found["mean"], found["n_trials"], found["n_instances"]) == (0.0, 2, 1)


def test_a_copy_without_its_original_is_compared_with_nothing() -> None:
    found = statistics(table([row("a", 0.3, perturbation=ROBUST)]))
    assert ("typos", "original") not in found
    assert (found["typos", "worst"]["mean"], found["robustness", "worst"]["mean"]) == (0.3, 0.3)
    assert ("fairness", "worst") not in found


def test_an_instance_without_a_value_has_no_worst_case() -> None:
    found = statistics(table([row("a", None), row("b", None, perturbation=ROBUST), row("b", 1.0)]))
    assert (found["typos", "worst"]["mean"], found["typos", "worst"]["n_scored"]) == (1.0, 1)
    assert statistics(table([row("a", None)])).keys() == {(None, None)}
