import math

import pytest

from every_eval.sources.eval_harness.aggregations import AGGREGATIONS, aggregation_of
from every_eval_tests.sources.eval_harness.output import metrics


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("mean", 0.25, 0.25),
        ("perplexity", -2.0, math.e**2),
        ("weighted_perplexity", -2.0, math.e**2),
        # -2 nats are 2 / ln 2 bits
        ("bits_per_byte", -2.0, 2 / math.log(2)),
    ],
)
def test_aggregations_are_functions_of_a_ratio_with_their_slopes(name: str, at: float, value: float) -> None:
    found, step = AGGREGATIONS[name], 1e-6
    assert found.function(at) == pytest.approx(value, rel=1e-12)
    slope = (found.function(at + step) - found.function(at - step)) / (2 * step)
    assert found.slope(at) == pytest.approx(slope, rel=1e-6)


def test_a_perplexity_too_large_for_a_float_is_infinite() -> None:
    assert AGGREGATIONS["perplexity"].function(-1e4) == math.inf


def test_only_a_plain_mean_has_an_error_by_formula() -> None:
    assert {name: item.error_method for name, item in AGGREGATIONS.items() if item.error_method == "sample"} == {
        "mean": "sample"
    }


def test_what_a_task_states_comes_before_what_lm_eval_registers() -> None:
    config = metrics(("acc", "median"), ("word_perplexity", None), ("speed", None), ("f1", None), ("score", "mean"))
    found = {name: aggregation_of(config, name) for name in ("acc", "word_perplexity", "speed", "f1", "score")}
    assert all(item.is_stated for item in found.values())
    assert {name: item.aggregation and item.aggregation.name for name, item in found.items()} == {
        "acc": None,
        "word_perplexity": "weighted_perplexity",
        "speed": None,
        "f1": None,
        "score": "mean",
    }


@pytest.mark.parametrize("config", [{}, {"metric_list": None}, {"metric_list": ["acc"]}, metrics(("acc", None))])
def test_a_metric_that_is_not_listed_falls_back_to_the_mean(config: dict[str, object]) -> None:
    found = aggregation_of(config, "custom")
    assert (found.aggregation, found.is_stated) == (AGGREGATIONS["mean"], False)
