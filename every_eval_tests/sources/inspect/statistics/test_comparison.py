import math
from collections import Counter
from typing import Any

import pytest

from every_eval.sources.inspect.statistics.comparison import ComparedMetric, compare, needed_metadata, scores_of_log
from every_eval_tests.sources.inspect.statistics.logs import DRAWN, LOGS, load, samples


def compare_log(log: dict[str, Any]) -> list[ComparedMetric]:
    return compare(log, scores_of_log(log, samples(log)))


def entries(log: dict[str, Any]) -> list[tuple[str, str, str | None, str]]:
    return [
        (score["scorer"], score["name"], score.get("reducer"), key)
        for score in log.get("results", {}).get("scores", ())
        for key in score["metrics"]
    ]


@pytest.mark.parametrize("name", [name for name in LOGS if name not in ("without_samples", "cancelled")])
def test_every_number_that_inspect_reported_is_recomputed_to_the_bit(name: str) -> None:
    log = load(name)
    compared = compare_log(log)
    assert [(each.scorer, each.score, each.reducer, each.metric) for each in compared] == entries(log)
    assert [each for each in compared if not each.is_exact] == []
    assert {each.is_equal for each in compared} <= {True}


@pytest.mark.parametrize("name", DRAWN)
def test_every_number_that_inspect_computed_from_drawn_scores_is_recomputed(name: str) -> None:
    compared = [each for log in load(name) for each in compare_log(log)]
    assert [each for each in compared if each.is_equal is False] == []
    # Only quantiles of Student's t, and versions that add in another order within clusters, cost the last digits.
    rounded = [each for each in compared if each.is_equal and not each.is_exact]
    assert {each.function for each in rounded} <= {"ci", "ci_wilson", "stderr", "grouped"}
    assert all(abs((each.recomputed or 0) - each.reported) <= 1e-12 * max(each.scale, 1) for each in rounded)


def test_the_drawn_scores_have_all_metrics_and_reducers() -> None:
    compared = [each for log in load(DRAWN[0]) for each in compare_log(log)]
    exact = [each for each in compared if each.is_exact]
    functions = {"accuracy", "mean", "std", "var", "stderr", "ci", "ci_wilson", "grouped", "aggregate", "frequency"}
    assert {each.function for each in exact} == functions
    reducers = {
        "mean",
        "median",
        "mode",
        "max",
        "majority",
        "at_least_1",
        "pass_at_1",
        "pass_at_2",
        "pass_k_1",
        "pass_k_2",
    }
    assert {each.reducer for each in exact} >= reducers | {None}
    reasons = Counter(each.function for each in compared if each.is_equal is None)
    assert set(reasons) == {"ci", "bootstrap_stderr", "mean"}  # resampled, resampled, and a metric of a task


def test_a_wrong_score_changes_every_number_that_it_enters() -> None:
    log = load("multiple_choice")
    first = log["samples"][0]
    assert first["metadata"]["subject"] == "physics"
    first["scores"]["choice"]["value"] = "I" if first["scores"]["choice"]["value"] == "C" else "C"
    wrong = {each.metric for each in compare_log(log) if each.is_equal is False}
    assert wrong == {"accuracy", "stderr", "physics", "all"}


def test_the_order_of_samples_changes_nothing() -> None:
    log = load("essay")
    reversed_log = {**log, "samples": log["samples"][::-1]}
    assert compare_log(reversed_log) == compare_log(log)


@pytest.mark.parametrize(("name", "reason"), [("without_samples", "no samples"), ("cancelled", "was not finished")])
def test_results_over_other_samples_are_not_compared(name: str, reason: str) -> None:
    compared = compare_log(load(name))
    assert compared
    assert {each.is_equal for each in compared} == {None}
    assert all(reason in str(each.reason) and each.recomputed is None and each.n is None for each in compared)


def test_a_log_without_results_reports_nothing() -> None:
    assert compare_log(load("killed")) == []


def test_missing_samples_are_counted() -> None:
    log = load("essay")
    compared = compare_log({**log, "samples": log["samples"][1:]})
    (reason,) = {each.reason for each in compared}
    assert reason == "Inspect completed 90 samples, and 89 samples of the log are without an error"


def test_a_metric_of_the_task_is_not_compared_with_inspects() -> None:
    log = load("odd_values")
    for metric in log["eval"]["scorers"][0]["metrics"]:
        metric["name"] = metric["name"].replace("inspect_ai/mean", "mean")
    reasons = {each.metric: each.reason for each in compare_log(log)}
    assert reasons == {"mean": "a metric of the task, not Inspect's own: mean", "stderr": None, "accuracy": None}


def test_a_threshold_that_the_log_does_not_record_is_named() -> None:
    log = load("odd_values_in_epochs")
    (score,) = [score for score in log["results"]["scores"] if score["reducer"] == "pass_at_2"]
    score["metrics"]["mean"]["value"] = 0.75
    (wrong,) = [each for each in compare_log(log) if each.is_equal is False]
    assert wrong.reason == "the log does not record the reducer's threshold; the recomputed value takes 1"


@pytest.mark.parametrize(("version", "is_known"), [("0.3.160", True), ("0.3.285", False)])
def test_earlier_versions_counted_unscored_values_by_other_rules(version: str, is_known: bool) -> None:
    log = load("odd_objects")
    log["eval"]["packages"]["inspect_ai"] = version
    (score,) = [score for score in log["results"]["scores"] if score["name"] == "b"]
    score["metrics"]["mean"]["value"] = 10.5  # 147 / 14, without the 8 nulls
    (wrong,) = [each for each in compare_log(log) if each.is_equal is False]
    assert (wrong.score, wrong.recomputed) == ("b", 147 / 22)
    assert (wrong.reason is not None) == is_known


def test_a_number_that_is_not_finite_in_the_log_alone_is_not_compared() -> None:
    log = load("multiple_choice")
    log["results"]["scores"][0]["metrics"]["stderr"]["value"] = math.nan
    (error,) = [each for each in compare_log(log) if each.metric == "stderr"]
    assert (error.is_equal, error.is_exact) == (None, False)


def test_the_variance_of_versions_before_february_2025_is_over_n() -> None:
    log = load("multiple_choice")
    (score,) = log["results"]["scores"]
    n = score["scored_samples"]
    accuracy = score["metrics"]["accuracy"]["value"]
    score["metrics"] = {"var": {"name": "var", "options": {}, "value": accuracy * (1 - accuracy)}}
    log["eval"]["scorers"] = None
    (variance,) = compare_log(log)
    assert (variance.is_equal, variance.n) == (True, n)
    score["metrics"]["var"]["value"] *= n / (n - 1)
    assert compare_log(log)[0].is_equal


@pytest.mark.parametrize(
    "broken", [None, [], {"dataset": 1}, {"dataset": {"sample_ids": 5}, "config": 1, "scorers": {}}]
)
def test_a_specification_of_an_unknown_shape_costs_only_the_order_of_samples(broken: Any) -> None:
    assert all(each.is_equal for each in compare_log({**load("epochs_with_errors"), "eval": broken}))


def test_groups_of_older_versions_do_not_name_their_function() -> None:
    log = load("multiple_choice")
    (score,) = log["results"]["scores"]
    for metric in score["metrics"].values():
        metric.pop("group", None)
    score["metrics"]["law2"] = {**score["metrics"]["law"], "name": "law2"}
    compared = {each.metric: each for each in compare_log(log)}
    assert {key: each.function for key, each in compared.items() if each.function == "grouped"}.keys() == {
        *("physics", "law", "biology", "all", "law2")
    }
    assert all(each.is_exact for each in compared.values())


def test_only_the_metadata_of_clusters_and_groups_is_needed() -> None:
    assert needed_metadata(load("all_metrics")["results"]) == {"cl", "g"}
    assert needed_metadata(load("essay")["results"]) == needed_metadata({}) == frozenset()


@pytest.mark.parametrize("broken", [None, [], "text", {"scores": "x"}, {"scores": [1, {"metrics": [2]}]}])
def test_results_of_an_unknown_shape_have_no_metrics(broken: Any) -> None:
    assert compare({**load("essay"), "results": broken}, scores_of_log({}, [])) == []
