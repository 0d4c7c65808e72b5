import math
from collections.abc import Sequence

import pytest

from every_eval.sources.eval_harness.aggregations import AGGREGATIONS
from every_eval.sources.eval_harness.group_score import GroupMember, GroupScore
from every_eval.sources.eval_harness.task_score import TaskScore
from every_eval_tests.sources.eval_harness.output import line, metrics, task, values_of


def member(
    name: str, values: Sequence[float | None], size: int | None = None, aggregation: str = "mean"
) -> GroupMember:
    of = task(metrics(("m", aggregation)))
    found = values_of(of, [line(doc_id, m=value) for doc_id, value in enumerate(values)])
    score = TaskScore.of(found["m,none"], AGGREGATIONS[aggregation])
    return GroupMember(name, len(values) if size is None else size, score)


SMALL, LARGE = member("small", [1, 0]), member("large", [1, 1, 1, 0, 1, 1])
GROUP = GroupScore((SMALL, LARGE))


def test_means_are_weighted_by_size_or_plain() -> None:
    # means of 1/2 and 5/6 over 2 and 6 samples
    assert GROUP.weighted == pytest.approx(6 / 8, rel=1e-15)
    assert GROUP.plain == pytest.approx(2 / 3, rel=1e-15)


def test_the_size_is_the_one_that_the_file_states() -> None:
    assert GroupScore((member("a", [1, 0], 6), member("b", [1, 1], 2))).weighted == pytest.approx(5 / 8, rel=1e-15)


def test_the_error_is_pooled() -> None:
    # m2 of 1/2 and 5/6; pooled variance (1/2 + 5/6) / (8 - 2) = 2/9, and that over 8
    assert GROUP.standard_error == pytest.approx(math.sqrt(2 / 9 / 8), rel=1e-15)


def test_the_error_of_old_versions_folds_the_tasks_in_their_order() -> None:
    third = member("third", [0, 0, 1, 0])
    # squared errors: m2 / (n - 1) / n = 1/4, 1/36 and 1/16, with means of 1/2, 5/6 and 1/4 over 2, 6 and 4 samples
    two = (1 * (1 / 4) + 5 * (1 / 36)) / 7 + 12 / (8 * 7) * (3 / 4 - 5 / 6) ** 2
    all_three = (7 * two + 3 * (1 / 16)) / 11 + 32 / (12 * 11) * (7 / 12 - 1 / 4) ** 2
    assert GROUP.combined_standard_error == pytest.approx(math.sqrt(two), rel=1e-15)
    assert GroupScore((SMALL, LARGE, third)).combined_standard_error == pytest.approx(math.sqrt(all_three), rel=1e-15)


def test_the_error_of_old_versions_folds_a_nested_group_by_itself() -> None:
    third = member("third", [0, 0, 1, 0])
    group = GroupScore((SMALL, LARGE, third), ["small", ["large", "third", "without the metric"]])
    # large and third: means 5/6 and 1/4, together 6/10
    nested = (5 * (1 / 36) + 3 * (1 / 16)) / 9 + 24 / (10 * 9) * (6 / 10 - 1 / 4) ** 2
    whole = (1 * (1 / 4) + 9 * nested) / 11 + 20 / (12 * 11) * (7 / 12 - 6 / 10) ** 2
    assert group.combined_standard_error == pytest.approx(math.sqrt(whole), rel=1e-15)


def test_there_is_no_error_where_a_task_has_none_by_formula() -> None:
    assert GroupScore((SMALL, member("single", [1]))).standard_error is None
    assert GroupScore((SMALL, member("single", [1]))).combined_standard_error is None
    assert GroupScore((SMALL, member("perplexity", [-1, -2], aggregation="perplexity"))).standard_error is None


def test_the_spread_is_over_all_instances_where_the_mean_is() -> None:
    columns = GROUP.columns(GROUP.weighted)
    # 6 ones and 2 zeros: m2 = 6 / 16 + 2 * 9 / 16
    assert columns == {
        "n_instances": 8,
        "n_scored": 8,
        "n_trials": 1,
        "mean": GROUP.weighted,
        "m2": pytest.approx(1.5, rel=1e-15),
        "min": 0.0,
        "max": 1.0,
        "is_binary": True,
    }


@pytest.mark.parametrize("mean", [GROUP.plain, None])
def test_another_mean_has_no_spread(mean: float | None) -> None:
    assert GROUP.columns(mean) == {"n_instances": 8, "n_scored": 8, "n_trials": 1, "mean": mean}


def test_a_mean_of_perplexities_has_no_spread() -> None:
    group = GroupScore((member("a", [-1, -2], aggregation="perplexity"),))
    assert group.columns(group.weighted).keys() == {"n_instances", "n_scored", "n_trials", "mean"}


def test_a_size_that_is_not_that_of_the_rows_leaves_no_spread() -> None:
    group = GroupScore((member("a", [1, 0, None]),))
    assert "m2" not in group.columns(group.weighted)


def test_numbers_too_large_to_be_squared_leave_no_spread() -> None:
    group = GroupScore((member("a", [1e200, 0]), SMALL))
    assert "m2" not in group.columns(group.weighted)
    assert group.standard_error is None


def test_a_group_is_known_if_all_its_tasks_are() -> None:
    assert GROUP.is_known
    assert not GroupScore(()).is_known
    assert not GroupScore((SMALL, member("empty", [None]))).is_known
    assert not GroupScore((SMALL, member("none", [1], 0))).is_known
