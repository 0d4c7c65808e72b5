import math
from typing import Any

import pytest

from every_eval.sources.eval_harness.aggregations import AGGREGATIONS
from every_eval.sources.eval_harness.task_score import TaskScore, add
from every_eval_tests.sources.eval_harness.output import line, metrics, task, values_of

SCENARIO = ("main", "quiz", None)


def score(aggregation: str | None, *values: Any) -> TaskScore:
    """Of a metric over documents 0, 1, …"""
    of = task(metrics(("m", aggregation)))
    found = values_of(of, [line(doc_id, m=value) for doc_id, value in enumerate(values)])
    return TaskScore.of(found.get("m,none"), AGGREGATIONS.get(aggregation or ""))


def test_a_mean_has_the_samples_moments_and_error() -> None:
    found = score("mean", 1, 0, 0, 1)
    # deviations of ±0.5: m2 = 4 / 4; error = sqrt(1 / 3 / 4)
    assert found.columns() == {
        "n_instances": 4,
        "n_scored": 4,
        "n_trials": 1,
        "mean": 0.5,
        "m2": 1.0,
        "min": 0.0,
        "max": 1.0,
        "is_binary": True,
    }
    assert found.standard_error == pytest.approx(math.sqrt(1 / 12), rel=1e-15)


def test_rows_without_a_value_are_counted_and_not_scored() -> None:
    found = score("mean", 0.25, None, 0.75).columns()
    assert (found["n_instances"], found["n_scored"], found["mean"], found["is_binary"]) == (3, 2, 0.5, False)


def test_a_perplexity_is_of_the_mean_log_likelihood() -> None:
    found = score("perplexity", -1.0, -3.0)
    columns = found.columns()
    assert columns["mean"] == pytest.approx(math.e**2, rel=1e-15)
    # shares are f(r) + f'(r) (x - r) with r = -2: e² (1 ∓ 1)
    assert (columns["min"], columns["max"]) == pytest.approx((0, 2 * math.e**2), abs=1e-12)
    assert columns["is_binary"] is False


def test_a_weighted_perplexity_is_of_sums_over_sums() -> None:
    # (10 + 30) nats over (4 + 4 + 12) words are 2 a word
    found = score("weighted_perplexity", [-10, 4], [-6, 4], [-24, 12])
    assert found.columns()["mean"] == pytest.approx(math.e**2, rel=1e-15)
    # f'(r) (s - r t) n / T with f' = -e²: the documents' residuals are -2, 2 and 0, times 3 / 20
    expected = [math.e**2 * (1 + 2 * 3 / 20), math.e**2 * (1 - 2 * 3 / 20), math.e**2]
    assert found.shares == pytest.approx(expected, rel=1e-12)


def test_the_mean_of_shares_is_the_number_itself() -> None:
    found = score("bits_per_byte", [-10, 3], [-7, 9], [-1, 2])
    assert found.mean == pytest.approx(18 / 14 / math.log(2), rel=1e-15)
    assert math.fsum(found.shares) / 3 == pytest.approx(found.mean, rel=1e-12)


def test_what_rows_do_not_determine_has_counts_alone() -> None:
    assert score(None, 0.5, 0.7).columns() == {"n_instances": 2, "n_scored": 0, "n_trials": 0, "mean": None}


@pytest.mark.parametrize("values", [(None,), (None, None)])
def test_without_a_value_nothing_is_defined(values: tuple[None, ...]) -> None:
    found = score("mean", *values)
    assert (found.mean, found.standard_error) == (None, None)


def test_one_value_has_no_error() -> None:
    assert score("mean", 1).standard_error is None


@pytest.mark.parametrize(
    ("aggregation", "values"), [("perplexity", (-1000.0, -900.0)), ("mean", (1e200, -1e200)), ("mean", (1e308, 1e308))]
)
def test_numbers_too_large_are_null_and_raise_nothing(aggregation: str, values: tuple[float, ...]) -> None:
    found = score(aggregation, *values)
    assert found.columns().get("m2") is None
    assert found.standard_error is None


def test_a_sum_is_exact_and_nan_where_there_is_none() -> None:
    assert add([0.1] * 10) == 1.0
    assert math.isnan(add([1e308, 1e308]))
    assert math.isnan(add([math.inf, -math.inf]))
