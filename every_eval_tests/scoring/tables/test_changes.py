import pytest

from every_eval.scoring.tables.changes import Change, changes, find_changes
from every_eval_tests.scoring.tables.example_runs import EXACT, F1, answers, example_run

NO_COMMON = "No item has a value in both runs: the questions are others."


def test_a_change_is_another_run_of_the_same_model_and_deployment() -> None:
    kept, gone, old = example_run("kept"), example_run("gone"), example_run("changed")
    new, added = example_run("changed", "v2"), example_run("added", "v2")
    moved = example_run("gone", "v2", facts={**gone.facts, "model_deployment": "elsewhere"})
    assert list(find_changes([kept, new, added, moved], [kept, gone, old])) == [Change(new, old)]


def test_the_difference_is_over_the_items_that_both_runs_have() -> None:
    change = Change(example_run("a", "v2"), example_run("a"))
    later, earlier = answers({1: 1.0, 2: 1.0, 3: 1.0, 4: 0.0}), answers({2: 0.0, 3: 1.0, 4: 0.0, 9: 1.0, 8: 1.0})
    (row,) = changes([change], F1, [(later, earlier)], lower_is_better=False)

    assert (row["suite"], row["previous_suite"]) == ("v2", "v1")
    assert (row["n_items"], row["previous_n_items"], row["n"]) == (4, 5, 3)
    assert (row["mean"], row["previous_mean"]) == (2 / 3, 1 / 3)
    assert row["difference"] == pytest.approx(1 / 3)
    assert (row["p_value"], row["not_compared_because"]) == (1.0, None)  # one discordant item
    assert row["ci_low"] < 0 < row["ci_high"]


def test_what_has_other_questions_or_judges_or_metrics_says_so() -> None:
    old = example_run("a", judges=("judge-1",))
    same, other = example_run("a", "v2", judges=("judge-1",)), example_run("a", "v2", judges=("judge-2", "judge-1"))
    metric = example_run("a", "v2", judges=("judge-1",), metrics=[EXACT])
    right = answers({1: 1.0, 2: 1.0}), answers({1: 0.0, 2: 1.0})
    rows = [
        *changes([Change(same, old)], F1, [(right[0], answers({3: 1.0}))], None),
        *changes([Change(other, old)], F1, [right], None),
        *changes([Change(metric, old)], EXACT, [(right[0], answers({}))], None),
        *changes([Change(other, example_run("a"))], F1, [right], None),
    ]
    assert [row["not_compared_because"] for row in rows] == [
        NO_COMMON,
        "The judges differ: judge-2, judge-1, before judge-1.",
        "The earlier run has no main score of this metric and split, but of: f1.",
        "The judges differ: judge-2, judge-1, before nobody.",
    ]
    for row in rows:
        names = ("mean", "previous_mean", "difference", "ci_low", "ci_high", "ci_method", "p_value")
        assert [row[name] for name in names] == [None] * len(names)
    assert [row["n"] for row in rows] == [0, 2, 0, 2]


def test_metrics_of_both_runs_are_compared_and_else_those_of_the_later() -> None:
    both = Change(example_run("a", "v2", metrics=[F1, EXACT]), example_run("a", metrics=[EXACT]))
    none = Change(example_run("a", "v2", metrics=[F1]), example_run("a", metrics=[EXACT]))
    assert (both.metrics(), none.metrics()) == ([EXACT], [F1])
