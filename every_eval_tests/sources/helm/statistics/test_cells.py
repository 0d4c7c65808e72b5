"""Rows as cells."""

import json

import numpy as np
import pytest

from every_eval.sources.helm.statistics.cells import ORIGINAL, Metric, Treatment, positions_in, read_run
from every_eval_tests.sources.helm.statistics.metric_rows import perturbed, row, table


def test_a_perturbation_is_computed_on_the_perturbed_text_unless_it_says_otherwise() -> None:
    assert Treatment.parse('{"name":"typos"}') == ('{"name":"typos"}', "typos", "perturbed")
    assert Treatment.parse('{"computed_on":"worst","name":"typos"}').computed_on == "worst"
    assert Treatment.parse(None) == ORIGINAL


def test_another_computation_keeps_the_rest_of_the_perturbation() -> None:
    worst = Treatment.parse(perturbed(prob=0.1)).on("worst")
    assert worst.computed_on == "worst"
    assert worst.perturbation is not None
    assert json.loads(worst.perturbation) == json.loads(perturbed(prob=0.1)) | {"computed_on": "worst"}


def test_a_perturbation_belongs_to_the_kinds_whose_flag_is_set() -> None:
    robust = Treatment.parse(perturbed(robustness=True))
    assert robust.has("robustness") and not robust.has("fairness")
    assert not ORIGINAL.has("robustness")


def test_cells_are_sorted_and_name_what_they_are_of() -> None:
    rows = [
        row("b", 4.0, train_trial_index=1),
        row("b", 3.0, perturbation=perturbed()),
        row("a", 2.0),
        row("b", 1.0, split=None),
    ]
    run = read_run(table(rows))
    assert run.treatments == (ORIGINAL, Treatment.parse(perturbed()))
    assert run.n_trials == 2
    cells = run.cells
    named = [
        (
            run.metrics[metric].split,
            run.treatments[treatment].perturbation_name,
            trial,
            run.instance_ids[instance],
            total,
        )
        for metric, treatment, trial, instance, total in zip(
            cells.metric, cells.treatment, cells.trial, cells.instance, cells.sum, strict=True
        )
    ]
    assert set(run.metrics) == {Metric("f1", "test", None), Metric("f1", None, None)}
    assert sorted(named, key=lambda cell: cell[-1]) == [
        (None, None, 0, "b", 1.0),
        ("test", None, 0, "a", 2.0),
        ("test", "typos", 0, "b", 3.0),
        ("test", None, 1, "b", 4.0),
    ]
    codes = list(zip(cells.metric, cells.treatment, cells.trial, cells.instance, strict=True))
    assert codes == sorted(codes)


def test_rows_of_one_cell_are_added_and_keep_their_smallest_value() -> None:
    cells = read_run(table([row("a", 2.0, count=3), row("a", 0.5, occurrence=1), row("a", None, occurrence=2)])).cells
    assert (cells.count.tolist(), cells.sum.tolist(), cells.min.tolist()) == ([4], [6.5], [0.5])


@pytest.mark.parametrize("n_codes", [3, 500])
def test_positions_are_those_that_codes_stand_for(n_codes: int) -> None:
    shape = (20, 2, 3, 5)  # 30 places for each of the first axis: more than three codes, and fewer than 500
    expected = [np.random.default_rng(1).integers(0, size, n_codes) for size in shape]
    found = positions_in(shape, np.ravel_multi_index(tuple(expected), shape))
    assert [axis.tolist() for axis in found] == [axis.tolist() for axis in expected]
