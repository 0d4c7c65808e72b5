"""Replicates of a run's main metrics."""

import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.stats import N_REPLICATES
from every_eval.sources.helm.statistics.replicates import replicate_main_metrics
from every_eval.statistics.bootstrap import draw_weights, estimates, replicate
from every_eval_tests.sources.helm.statistics.metric_rows import (
    helm_metrics,
    perturbed,
    row,
    run_metrics,
    summarise,
    table,
)

SCENARIO = ("classic", "imdb", None)


def test_replicates_are_of_instances_with_trials_averaged() -> None:
    rows = [row("b", 1.0), row("a", 0.0), row("a", 1.0, train_trial_index=1), row("b", 1.0, train_trial_index=1)]
    (found,) = replicate_main_metrics(run_metrics(table(rows)), {("f1", "test")}, SCENARIO).to_pylist()
    weight, total = replicate(
        np.array([0.5, 1.0]), draw_weights(["a", "b"], canonical_json(list(SCENARIO)), N_REPLICATES)
    )
    assert (found["boot_weight"], found["boot_sum"]) == (weight.tolist(), total.tolist())
    assert (found["metric_name"], found["split"], found["perturbation"], found["computed_on"]) == (
        "f1",
        "test",
        None,
        None,
    )


def test_only_main_metrics_on_the_original_text_are_replicated() -> None:
    rows = [
        row("a", 1.0),
        row("a", 1.0, sub_split="toxic"),
        row("a", 1.0, split="valid"),
        row("a", 1.0, metric_name="other"),
        row("a", 1.0, perturbation=perturbed(robustness=True)),
    ]
    found = replicate_main_metrics(run_metrics(table(rows)), {("f1", "test")}, SCENARIO).to_pylist()
    assert {(each["split"], each["sub_split"]) for each in found} == {("test", None), ("test", "toxic")}


def test_a_main_metric_without_a_value_has_no_replicates() -> None:
    assert replicate_main_metrics(run_metrics(table([row("a", None)])), {("f1", "test")}, SCENARIO).num_rows == 0
    assert replicate_main_metrics(run_metrics(table([])), {("f1", "test")}, SCENARIO).num_rows == 0


def test_instances_without_a_value_are_not_drawn() -> None:
    some = replicate_main_metrics(run_metrics(table([row("a", 1.0), row("b", None)])), {("f1", "test")}, SCENARIO)
    assert some.equals(replicate_main_metrics(run_metrics(table([row("a", 1.0)])), {("f1", "test")}, SCENARIO))


def test_the_order_of_the_rows_changes_no_bit() -> None:
    metrics = helm_metrics()
    shuffled = metrics.take(np.random.default_rng(2).permutation(metrics.num_rows))
    main = {("exact_match", "valid"), ("bits_per_byte", "valid")}
    assert replicate_main_metrics(run_metrics(shuffled), main, SCENARIO).equals(
        replicate_main_metrics(run_metrics(metrics), main, SCENARIO)
    )


@pytest.mark.parametrize("name", ["exact_match", "bits_per_byte"])
def test_replicates_lie_around_the_statistic_with_its_standard_error(name: str) -> None:
    metrics = helm_metrics()
    (found,) = replicate_main_metrics(run_metrics(metrics), {(name, "valid")}, SCENARIO).to_pylist()
    (statistic,) = [
        each for each in summarise(metrics).to_pylist() if each["metric_name"] == name and not each["perturbation"]
    ]
    drawn = estimates(np.array(found["boot_weight"]), np.array(found["boot_sum"]))
    n = statistic["n_scored"]
    # of the bootstrap's distribution the variance is m2 / n² up to terms of order 1 / n; 200 draws know it to 10 %
    assert n == 10
    assert np.mean(drawn) == pytest.approx(
        statistic["mean"], abs=4 * np.std(drawn) / np.sqrt(200) + statistic["mean"] / 50
    )
    assert np.std(drawn) == pytest.approx(np.sqrt(statistic["m2"]) / n, rel=0.3)


def test_the_columns_are_those_of_the_contract() -> None:
    found = replicate_main_metrics(run_metrics(helm_metrics()), {("exact_match", "valid")}, SCENARIO)
    assert pa.types.is_list(found.schema.field("boot_sum").type)
    assert found.column_names[-2:] == ["boot_weight", "boot_sum"]
    assert [len(found[name][0]) for name in ("boot_weight", "boot_sum")] == [200, 200]
