"""The spread between the trials of a run, compared with the definition on a table of items by trials."""

from typing import Any

import numpy as np
import pytest

from every_eval.statistics.crossed_error import trial_moments
from every_eval_tests.sources.helm.statistics.metric_rows import perturbed, row, summarise, table


def spread(rows: list[dict[str, Any]]) -> list[tuple[float | None, float | None]]:
    found = summarise(table(rows), has_worst_cases=False).to_pylist()
    return [(each["trial_variance"], each["residual_mean_square"]) for each in found]


def test_the_variance_between_trials_and_what_remains_are_those_of_a_table_of_items_by_trials() -> None:
    # trial means 1 and 3, whose sample variance is 2. Item means 1, 3; the mean of all is 2.
    # residuals: a 1-1-1+2 = 1, 1-1-3+2 = -1; b 1-3-1+2 = -1, 5-3-3+2 = 1: squares 4, freedom (2-1) (2-1) = 1
    rows = [row("a", 1.0), row("b", 1.0), row("a", 1.0, train_trial_index=1), row("b", 5.0, train_trial_index=1)]
    assert spread(rows) == [(2.0, 4.0)]


def test_items_without_a_value_in_every_trial_are_left_out() -> None:
    complete = [row(name, value, train_trial_index=t) for t in (0, 1) for name, value in (("a", 1.0), ("b", 3.0 + t))]
    assert spread([*complete, row("c", 9.0), row("d", None, train_trial_index=1)]) == spread(complete)


@pytest.mark.parametrize("n_items", [1, 2])
def test_one_trial_or_one_item_gives_no_spread(n_items: int) -> None:
    names = ("a", "b")[:n_items]
    assert spread([row(name, 1.0) for name in names]) == [(None, None)]
    assert spread([row("a", 1.0), row("a", 3.0, train_trial_index=1)]) == [(None, None)]


def test_statistics_of_a_run_do_not_mix() -> None:
    random = np.random.default_rng(5)
    tables = {name: random.random((7, 3)) for name in ("f1", "bleu")}
    typos = random.random((4, 2))
    rows = [
        row(f"id{item}", value, train_trial_index=trial, metric_name=name)
        for name, values in tables.items()
        for (item, trial), value in np.ndenumerate(values)
    ]
    rows += [
        row(f"id{item}", value, train_trial_index=trial, perturbation=perturbed(), perturbation_name="typos")
        for (item, trial), value in np.ndenumerate(typos)
    ]
    # Rows are sorted by metric, and those without a perturbation come last.
    expected = [trial_moments(values) for values in (tables["bleu"], typos, tables["f1"])]
    assert np.array(spread(rows)) == pytest.approx(np.array(expected), rel=1e-12)
