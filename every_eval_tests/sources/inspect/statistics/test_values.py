import math
from typing import Any

import pytest

from every_eval.sources.inspect.statistics.values import (
    elements,
    is_unclear,
    is_unscored,
    number_of,
    published_number,
    to_float,
)
from every_eval_tests.sources.inspect.statistics.logs import load


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *(("C", 1.0), ("P", 0.5), ("I", 0.0), ("N", 0.0)),
        *(("yes", 1.0), ("True", 1.0), ("NO", 0.0), ("false", 0.0)),
        *(("0.25", 0.25), (" 0.5 ", 0.5), ("1e3", 1000.0), ("-2", -2.0)),
        *((True, 1.0), (False, 0.0), (3, 3.0), (-0.5, -0.5), (2**70, 2.0**70), (math.inf, math.inf)),
    ],
)
def test_a_value_that_inspect_reads_is_its_number(value: Any, number: float) -> None:
    assert number_of(value) == to_float(value) == published_number(value) == number


@pytest.mark.parametrize("value", ["c", "p", "nan", "inf", "weird", "", [1.0], {"a": 1.0}])
def test_a_value_that_inspect_cannot_read_counts_as_0(value: Any) -> None:
    assert number_of(value) is None
    assert to_float(value) == published_number(value) == 0.0


def test_an_integer_beyond_all_numbers_is_infinite() -> None:
    assert to_float(10**400) == math.inf
    assert to_float(-(10**400)) == -math.inf


def test_nan_and_null_are_unscored_and_the_text_nan_is_not() -> None:
    assert [is_unscored(value) for value in (math.nan, None, "nan", 0)] == [True, True, False, False]
    assert published_number(math.nan) is published_number(None) is None


def test_a_null_within_an_object_counts_as_0_and_nan_is_unscored_there_too() -> None:
    assert published_number(None, is_element=True) == 0.0
    assert published_number(math.nan, is_element=True) is None


def test_values_that_versions_count_in_different_ways() -> None:
    assert [is_unclear(value) for value in ("nan", " -Inf", math.nan, None)] == [True] * 4
    assert [is_unclear(value) for value in ("C", "weird", "1e3", math.inf, 0, [None])] == [False] * 6


def test_objects_and_lists_have_elements() -> None:
    assert elements("C") == {None: "C"}
    assert elements({"a": 1, "b": None}) == {"a": 1, "b": None}
    assert elements([True, "x"]) == {"0": True, "1": "x"}


def test_all_odd_values_of_a_real_log_are_the_numbers_that_inspect_made_of_them() -> None:
    log = load("odd_values")
    ours = {item["id"]: published_number(item["scores"]["scal"]["value"]) for item in log["samples"]}
    # With one epoch, Inspect's reduction is the mean of one number.
    (reduction,) = log["reductions"]
    theirs = {item["sample_id"]: item["value"] for item in reduction["samples"]}
    assert ours == {key: None if math.isnan(value) else value for key, value in theirs.items()}
    assert len(ours) == 22
