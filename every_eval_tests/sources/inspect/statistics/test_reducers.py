import math
from fractions import Fraction
from typing import Any

import pytest

from every_eval.sources.inspect.statistics.derivable import NotDerivable
from every_eval.sources.inspect.statistics.reducers import pass_at_k, pass_hat_k, reducer_of
from every_eval_tests.sources.inspect.statistics.logs import LOGS, load


@pytest.mark.parametrize(
    ("reducer", "values", "reduced"),
    [
        ("mean", ["C", "I", "P"], 0.5),
        ("median", ["C", 0.25, "I", "C"], 0.625),
        ("mode", ["I", "C", "C"], "C"),
        ("mode", ["I", "C"], "I"),  # a tie goes to the first
        ("max", ["I", "P", "0.5"], "P"),  # so does this one
        ("majority", ["C", "C", "I"], "C"),
        ("collect", ["C", math.nan, 2], ["C", 2]),
        ("at_least_2", ["C", "I", 2.0], 1.0),
        ("at_least_3", ["C", "I", 2.0], 0.0),
        ("mean", [math.nan, "C", None], 1.0),  # NaN and null are unscored
        ("max", [math.nan, "I"], "I"),
    ],
)
def test_epochs_are_reduced_to_one_value(reducer: str, values: list[Any], reduced: Any) -> None:
    assert reducer_of(reducer)(values) == reduced


@pytest.mark.parametrize(
    "values",
    [
        [0.1, 0.2, 0.3],
        [1.0, 2.0, 4.0],
        [2.0**60, 1.0, -(2.0**60)],  # Added as floats, the 1 is lost.
        [2.0**53, 1.0, 1.0],
        [1e308, 1e308, 1e-308],
    ],
)
def test_a_mean_is_the_exact_mean_rounded_once(values: list[float]) -> None:
    exact = sum(map(Fraction, values)) / len(values)
    assert reducer_of("mean")(values) == float(exact)


def test_an_unscored_vote_counts_against_a_majority() -> None:
    assert math.isnan(reducer_of("majority")(["C", "C", math.nan, math.nan]))


@pytest.mark.parametrize(
    "reducer", ["mean", "median", "mode", "max", "majority", "pass_at_1", "pass_k_1", "at_least_1"]
)
def test_epochs_without_any_score_are_unscored(reducer: str) -> None:
    assert math.isnan(reducer_of(reducer)([math.nan, None]))


def test_pass_at_k_and_pass_hat_k_are_shares_of_the_choices_of_k_attempts() -> None:
    # Of 4 attempts, 2 succeed. Of the 6 pairs, 1 has two failures and 1 two successes.
    assert pass_at_k(4, 2, 2) == pytest.approx(5 / 6, rel=1e-15)
    assert pass_hat_k(4, 2, 2) == 1 / 6
    assert pass_at_k(4, 2, 1) == pass_hat_k(4, 2, 1) == 0.5
    assert pass_at_k(4, 2, 3) == 1.0
    assert pass_hat_k(4, 2, 3) == 0.0
    values = [1.0, 0.0, 1.0, 0.5]
    assert reducer_of("pass_at_2")(values) == pass_at_k(4, 2, 2)
    assert reducer_of("pass_k_2")(values) == pass_hat_k(4, 2, 2)


def test_fewer_than_k_attempts_have_no_pass_at_k() -> None:
    assert math.isnan(reducer_of("pass_at_3")(["C", "C", math.nan]))
    assert math.isnan(reducer_of("pass_k_3")(["C", "C", math.nan]))


def test_objects_and_lists_are_reduced_element_by_element() -> None:
    objects = [{"a": "C", "b": None, "c": math.nan}, {"a": "I", "b": 1.0, "c": math.nan}, math.nan]
    reduced = reducer_of("mean")(objects)
    assert (reduced["a"], reduced["b"]) == (0.5, 0.5)  # null counts as 0
    assert math.isnan(reduced["c"])
    assert reducer_of("max")([[1, "I"], [0, "C"]]) == [1, "C"]


@pytest.mark.parametrize("values", [[{"a": 1}, {"b": 1}], [{"a": 1}, 1.0], [[1], [1, 2]], ["C", [1]]])
def test_epochs_of_different_shapes_are_not_reduced(values: list[Any]) -> None:
    with pytest.raises(NotDerivable, match="different shapes"):
        reducer_of("mean")(values)


@pytest.mark.parametrize("name", ["best_of", "pass_at", "pass_at_0", "mean_2"])
def test_a_reducer_that_is_not_inspects_own_is_refused(name: str) -> None:
    with pytest.raises(NotDerivable, match="not a reducer"):
        reducer_of(name)


@pytest.mark.parametrize("name", [name for name in LOGS if name not in ("without_samples", "cancelled", "killed")])
def test_the_reductions_of_real_logs_are_reproduced(name: str) -> None:
    log = load(name)
    assert log["reductions"]
    for reduction in log["reductions"]:
        reduce, scorer = reducer_of(reduction.get("reducer", "mean")), reduction["scorer"]
        for item in reduction["samples"]:
            epochs = [
                sample["scores"][scorer]["value"]
                for sample in sorted(log["samples"], key=lambda sample: int(sample["epoch"]))
                if sample["id"] == item["sample_id"] and scorer in sample["scores"]
            ]
            assert repr(reduce(epochs)) == repr(item["value"]) or reduce(epochs) == item["value"]
