from typing import Any

import pytest

from every_eval.sources.inspect.statistics.derivable import (
    ARGUMENTS,
    NOT_DERIVABLE,
    NotDerivable,
    check_declaration,
    check_metric,
    declared_names,
    has_earlier_rules,
    parse_reducer,
    unfinished_reason,
)

MEAN = {"name": "inspect_ai/mean", "options": {}}
OWN = {"name": "mean", "options": {}}


@pytest.mark.parametrize("name", NOT_DERIVABLE)
def test_metrics_that_need_more_than_scores_say_what(name: str) -> None:
    with pytest.raises(NotDerivable, match=NOT_DERIVABLE[name].split()[0]):
        check_metric(name, {})
    assert name not in ARGUMENTS


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("my_metric", {}, "not a metric of Inspect's own"),
        ("accuracy", {"to_float": {"name": "f"}}, "arguments of accuracy: to_float"),
        ("ci", {"method": "bootstrap"}, "without a seed"),
        ("ci", {"level": "high"}, "arguments of ci: level"),
        ("ci", {"level": 1.0}, "no confidence level"),
        ("grouped", {"group_key": "g"}, "arguments of grouped: missing"),
    ],
)
def test_a_metric_that_cannot_be_recomputed_says_why(name: str, arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotDerivable, match=reason):
        check_metric(name, arguments)


def test_an_argument_without_a_value_is_the_default() -> None:
    check_metric("accuracy", {"to_float": None})
    check_metric("frequency", {"categories": None, "normalize": True})


def test_names_are_declared_for_the_whole_value_or_for_keys() -> None:
    assert declared_names([MEAN, {"a*": [OWN]}]) == ("inspect_ai/mean",)
    assert declared_names([{"a*": [OWN], "b": [MEAN]}], "ab") == ("mean",)
    assert declared_names({"*": [MEAN, OWN]}, "b") == ("inspect_ai/mean", "mean")
    assert declared_names(None) == declared_names("text") == ()


def test_a_metric_of_the_task_with_a_name_of_inspects_is_not_recomputed() -> None:
    check_declaration("mean", {"inspect_ai/mean"})
    check_declaration("mean", ())
    with pytest.raises(NotDerivable, match="a metric of the task"):
        check_declaration("mean", {"mean"})


def test_a_reducers_name_has_its_number_at_the_end() -> None:
    assert parse_reducer("pass_at_10") == ("pass_at", 10)
    assert parse_reducer("pass_k_2") == ("pass_k", 2)
    assert parse_reducer("mean") == ("mean", None)


def test_the_version_of_inspect_tells_its_rules() -> None:
    versions = ("0.3.252", "0.3.253", "0.3.285.dev1", "unknown", None)
    found = [has_earlier_rules({"packages": {"inspect_ai": version}}) for version in versions]
    assert found == [True, False, False, True, True]
    assert has_earlier_rules({})


def test_samples_are_those_of_the_results_if_their_number_is_right() -> None:
    assert unfinished_reason("success", {"completed_samples": 3}, 4, 3, 4) is None
    assert unfinished_reason("success", {"completed_samples": 3}, 4, 4, 3) is None  # as older versions count
    assert unfinished_reason("success", {}, 4, 4, 4) is None
    assert "completed 5 samples" in str(unfinished_reason("success", {"completed_samples": 5}, 4, 4, 4))
    assert "not finished" in str(unfinished_reason("cancelled", {"completed_samples": 4}, 4, 4, 4))
    assert "no samples" in str(unfinished_reason("success", {"completed_samples": 4}, 0, 0, 0))
