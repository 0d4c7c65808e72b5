"""Calibration errors, compared with numbers computed by hand and with HELM's own."""

import math
from typing import Any

import pytest

from every_eval.sources.helm.source import HelmSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.rows_of_runs import gather
from every_eval_tests.sources.helm.statistics.metric_rows import perturbed, row, summarise, table

Rows = list[dict[str, Any]]


def answer(
    instance_id: str, probability: float | None, match: float | None, logprob: float = -1.0, **rest: Any
) -> Rows:
    values = {"max_prob": probability, "exact_match": match, "logprob": logprob}
    return [row(instance_id, value, metric_name=name, **rest) for name, value in values.items()]


def found(rows: Rows, name: str = "ece_1_bin", **key: Any) -> dict[str, Any] | None:
    statistics: Rows = summarise(table(rows)).to_pylist()
    chosen = [each for each in statistics if each | key == each and each["metric_name"] == name]
    return chosen[0] if chosen else None


def test_an_error_is_over_all_answers_of_a_split() -> None:
    rows = [*answer("a", 0.9, 1.0), *answer("b", 0.8, 0.0), *answer("c", 0.1, 0.0)]
    one, ten = found(rows), found(rows, "ece_10_bin")
    assert one and ten
    # |1.8 / 3 - 1 / 3|, and three bins of one answer: (.1 + .8 + .1) / 3
    assert (one["mean"], ten["mean"]) == pytest.approx((0.8 / 3, 1.0 / 3), rel=1e-14)
    assert (one["n_trials"], one["n_scored"], one["n_instances"]) == (1, 3, 3)
    assert [one[name] for name in ("m2", "min", "max")] == [None, None, None]


def test_each_trial_and_perturbation_has_its_error_and_worst_cases_have_none() -> None:
    typos = perturbed(robustness=True)
    rows = [
        *answer("a", 0.75, 1.0),
        *answer("a", 0.75, 0.0, train_trial_index=1),
        *answer("a", 0.5, 1.0, perturbation=typos),
    ]
    original, changed = found(rows, perturbation=None), found(rows, perturbation=typos)
    assert original and changed
    assert (original["mean"], original["trial_min"], original["trial_max"]) == (0.5, 0.25, 0.75)
    assert (original["n_trials"], changed["mean"], changed["n_trials"]) == (2, 0.5, 1)
    errors = [each for each in summarise(table(rows)).to_pylist() if each["metric_name"] == "ece_1_bin"]
    assert {each["computed_on"] for each in errors} == {None, "perturbed"}


def test_a_trial_without_log_probabilities_below_zero_has_no_error() -> None:
    rows = [*answer("a", 0.75, 1.0), *answer("a", 1.0, 0.0, 0.0, train_trial_index=1)]
    one = found(rows)
    assert one and (one["mean"], one["n_trials"]) == (0.25, 1)
    assert found(answer("a", 1.0, 0.0, 0.0)) is None


def test_an_answer_that_is_partly_right_is_wrong() -> None:
    one = found(answer("a", 0.75, 0.5))
    assert one and one["mean"] == 0.75


def test_only_answers_with_both_values_count() -> None:
    one = found([*answer("a", 0.75, 1.0), *answer("b", None, 0.0), *answer("c", 0.5, None)])
    assert one and (one["mean"], one["n_scored"], one["n_instances"]) == (0.25, 1, 3)


@pytest.mark.parametrize("odd", [answer("b", math.inf, 0.0), answer("b", 0.5, math.nan)])
def test_of_values_that_are_not_finite_there_is_no_error(odd: Rows) -> None:
    one = found([*answer("a", 0.75, 1.0), *odd])
    assert one and (one["mean"], one["n_not_finite"]) == (None, 1)


@pytest.mark.parametrize("rows", [answer("a", 1.5, 1.0), answer("a", 0.5, 2.0)])
def test_a_probability_or_a_score_out_of_range_gives_no_error(rows: Rows) -> None:
    assert found(rows) is None


def test_an_error_that_was_measured_is_not_derived() -> None:
    one = found([*answer("a", 0.75, 1.0), row("a", 0.125, metric_name="ece_1_bin")])
    assert one and one["mean"] == 0.125


def test_helms_own_errors_are_reproduced_over_trials_and_perturbations() -> None:
    storage, source = ArchiveStorage(HELM_SAMPLE), HelmSource()
    # One perturbed answer of the third trial states no log-probability: HELM has errors of two trials there.
    (run,) = [run for run in source.discover(storage, "classic").runs if run.name.startswith("mmlu:subject=anatomy")]
    rows = gather(source.read(run, lambda name: storage.open(f"{run.folder}/{name}")))
    errors = [each for each in rows.stats.to_pylist() if each["metric_name"] in ("ece_1_bin", "ece_10_bin")]

    assert rows.disagreements == []
    assert len(errors) == 16 and {each["n_trials"] for each in errors} == {2, 3}
    assert [each["n_trials"] for each in errors] == [each["reported_count"] for each in errors]
    assert [each["mean"] for each in errors] == pytest.approx([each["reported_mean"] for each in errors], rel=1e-14)
