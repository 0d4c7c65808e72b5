"""A run's metric values as arrays."""

import json

from every_eval.sources.helm.statistics.metric_values import ORIGINAL, Metric, Treatment
from every_eval_tests.sources.helm.statistics.metric_rows import perturbed, row, run_metrics, table


def test_a_perturbation_is_computed_on_the_perturbed_text_unless_it_says_otherwise() -> None:
    assert Treatment.of({"name": "typos"}) == ('{"name":"typos"}', "typos", "perturbed")
    assert Treatment.of({"computed_on": "worst", "name": "typos"}).computed_on == "worst"


def test_another_computation_keeps_the_rest_of_the_perturbation() -> None:
    worst = Treatment.of(json.loads(perturbed(prob=0.1))).on("worst")
    assert worst.computed_on == "worst"
    assert worst.perturbation is not None
    assert json.loads(worst.perturbation) == json.loads(perturbed(prob=0.1)) | {"computed_on": "worst"}


def test_a_perturbation_belongs_to_the_kinds_whose_flag_is_set() -> None:
    robust = Treatment.of(json.loads(perturbed(robustness=True)))
    assert robust.has("robustness") and not robust.has("fairness")
    assert not ORIGINAL.has("robustness")


def test_values_are_sorted_and_name_what_they_are_of() -> None:
    rows = [
        row("b", 4.0, train_trial_index=1),
        row("b", 3.0, perturbation=perturbed()),
        row("a", 2.0),
        row("b", 1.0, split=None),
    ]
    run = run_metrics(table(rows))
    assert run.treatments == (ORIGINAL, Treatment.of(json.loads(perturbed())))
    assert run.n_trials == 2
    values = run.values
    named = [
        (
            run.metrics[metric].split,
            run.treatments[treatment].perturbation_name,
            trial,
            run.instance_ids[instance],
            total,
        )
        for metric, treatment, trial, instance, total in zip(
            values.metric, values.treatment, values.trial, values.instance, values.sum, strict=True
        )
    ]
    assert set(run.metrics) == {Metric("f1", "test", None), Metric("f1", None, None)}
    assert sorted(named, key=lambda cell: cell[-1]) == [
        (None, None, 0, "b", 1.0),
        ("test", None, 0, "a", 2.0),
        ("test", "typos", 0, "b", 3.0),
        ("test", None, 1, "b", 4.0),
    ]
    codes = list(zip(values.metric, values.treatment, values.trial, values.instance, strict=True))
    assert codes == sorted(codes)


def test_rows_of_one_value_are_added_and_keep_their_smallest_value() -> None:
    values = run_metrics(
        table([row("a", 2.0, count=3), row("a", 0.5, occurrence=1), row("a", None, occurrence=2)])
    ).values
    assert (values.count.tolist(), values.sum.tolist(), values.min.tolist()) == ([4], [6.5], [0.5])
