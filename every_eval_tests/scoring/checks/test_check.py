import numpy as np
import pyarrow as pa

from every_eval.scoring.checks.check import MAX_NAMED, Check, merge_checks

problems = Check.from_problems
ROWS = pa.table({"run": ["a", "b", "c"], "mean": [0.5, None, 2.0]})


def test_wrong_rows_are_named_by_their_values() -> None:
    check = Check.from_rows("bounds", ROWS, np.array([False, True, True]))

    assert (check.passed, check.is_blocking) == (False, True)
    assert check.details == {"compared": 3, "problems": 2, "first_problems": ["run=b", "run=c, mean=2.0"]}


def test_without_a_problem_a_check_passes() -> None:
    assert Check.from_rows("bounds", ROWS, np.zeros(3, np.bool_)).passed
    assert problems("size", 2, []).passed


def test_problems_are_counted_and_the_first_ones_named() -> None:
    many = pa.table({"run": [f"r{at}" for at in range(MAX_NAMED + 5)]})
    for check in (
        Check.from_rows("bounds", many, np.ones(MAX_NAMED + 5, np.bool_)),
        problems("bounds", MAX_NAMED + 5, (f"run=r{at}" for at in range(MAX_NAMED + 5))),
    ):
        assert (check.n_problems, len(check.problems)) == (MAX_NAMED + 5, MAX_NAMED)
        assert check.problems[-1] == f"run=r{MAX_NAMED - 1}"


def test_checks_of_one_name_are_merged_in_order() -> None:
    first = problems("size", 2, ["lite"], is_blocking=False)
    merged = merge_checks([first, problems("keys", 1, []), problems("size", 3, ["mmlu"], is_blocking=False)])

    assert merged == [problems("size", 5, ["lite", "mmlu"], is_blocking=False), problems("keys", 1, [])]
    assert merge_checks([first, problems("size", 1, [])])[0].is_blocking
    many = [f"{at}" for at in range(MAX_NAMED)]
    [both] = merge_checks([problems("size", 1, many), problems("size", 1, ["last"])])
    assert both == Check("size", 2, MAX_NAMED + 1, tuple(many))


def test_a_check_counts_what_it_compared_and_is_empty_without_any() -> None:
    compared = Check.from_rows("order", ROWS, np.zeros(3, np.bool_), np.array([True, False, True]))
    nothing = Check.from_rows("order", ROWS, np.zeros(3, np.bool_), np.zeros(3, np.bool_))

    assert (compared.n_compared, compared.is_empty) == (2, False)
    assert (nothing.n_compared, nothing.is_empty, nothing.passed) == (0, True, True)
    assert not merge_checks([nothing, compared])[0].is_empty
