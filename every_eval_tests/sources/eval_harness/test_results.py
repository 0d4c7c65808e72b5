import math

import pytest

from every_eval.sources.eval_harness.results import ReportedNumber, as_float, is_count
from every_eval_tests.sources.eval_harness.output import AGAIN, Output, results

NESTED = {"all": ["stem", "law"], "stem": ["physics", "astronomy", "law"], "law": []}


def test_numbers_are_told_from_their_errors_and_from_what_is_no_metric() -> None:
    row = {"name": "quiz", "alias": "a, b", "acc,none": 0.5, "acc_stderr,none": 0.1, "f1,a b": "N/A", "n_stderr,x": 1.0}
    found = results(results={"quiz": row})
    assert found.reported("quiz") == {
        "acc,none": ReportedNumber(0.5, 0.1),
        "f1,a b": ReportedNumber("N/A", None),
        # a metric of that name, since there is none that it could be the error of
        "n_stderr,x": ReportedNumber(1.0, None),
    }


def test_a_task_that_is_not_in_the_results_reports_nothing() -> None:
    assert results().reported("quiz") == {}


def test_leaves_lie_below_nested_groups_and_count_once() -> None:
    assert list(results(group_subtasks=NESTED).leaves("all")) == ["physics", "astronomy", "law"]


def test_a_task_belongs_to_every_group_above_it() -> None:
    found = results(group_subtasks=NESTED)
    assert found.groups_of("physics") == ["all", "stem"]
    assert found.groups_of("stem") == ["all"]
    assert found.groups_of("all") == []


def test_groups_that_contain_each_other_come_to_an_end() -> None:
    found = results(group_subtasks={"a": ["b", "t"], "b": ["a"]})
    assert list(found.leaves("a")) == ["t"]
    assert found.groups_of("t") == ["a", "b"]


def test_deeply_nested_groups_and_many_ways_to_a_task_are_no_burden() -> None:
    # 2 ** 400 ways lead from the first group to the task
    pairs = {f"{side}{i}": [f"a{i + 1}", f"b{i + 1}"] for i in range(400) for side in "ab"}
    found = results(group_subtasks=pairs | {"a400": ["t"], "b400": ["t"]})
    assert list(found.leaves("a0")) == ["t"]
    assert len(found.groups_of("t")) == 802
    assert found.nested("a0")


def test_nested_groups_are_lists() -> None:
    assert results(group_subtasks=NESTED).nested("all") == [["physics", "astronomy", "law"], "law"]


def test_a_name_with_an_empty_list_of_subtasks_is_a_task() -> None:
    found = results(group_subtasks=NESTED)
    assert (found.is_group("all"), found.is_group("law"), found.is_group("other")) == (True, False, False)


@pytest.mark.parametrize(
    ("limit", "effective", "is_partial"), [(None, 10, False), (10.0, 10, True), (None, 9, True), (0.1, 1, True)]
)
def test_a_task_is_evaluated_in_part_if_limited_or_if_samples_are_left_out(
    limit: float | None, effective: int, is_partial: bool
) -> None:
    sizes = {"a": {"original": 10, "effective": effective}, "b": {"original": 5, "effective": 5}}
    found = results(**{"n-samples": sizes}, config={"limit": limit}, group_subtasks={"g": ["a", "b"]})
    assert (found.is_partial("a"), found.is_partial("g")) == (is_partial, is_partial)


def test_sizes_and_directions_of_a_real_file(output: Output) -> None:
    found = results(**output.results(AGAIN))
    # 21 + 18 of college physics and astronomy, and 27 of law
    assert [found.size(name) for name in ("mmlu_local_stem", "mmlu_local", "wikitext_local")] == [39, 66, 18]
    assert (found.higher("wikitext_local", "bits_per_byte"), found.higher("mmlu_local", "acc")) == (False, True)
    assert found.higher("mmlu_local", "f1") is None


def test_a_number_may_be_a_text_or_too_large() -> None:
    assert (as_float(True), as_float("0.5"), as_float("N/A"), as_float(None), as_float([1])) == (
        1,
        0.5,
        None,
        None,
        None,
    )
    assert as_float(10**400) == math.inf


@pytest.mark.parametrize(("value", "expected"), [(0, True), (7, True), (-1, False), (True, False), (7.0, False)])
def test_a_count_is_a_whole_number(value: object, expected: bool) -> None:
    assert is_count(value) is expected
    assert not is_count(1 << 63)
