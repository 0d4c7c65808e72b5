import numpy as np
import pyarrow as pa

from every_eval.scoring.checks.checks import NAMED, Check, merge

ROWS = pa.table({"run": ["a", "b", "c"], "mean": [0.5, None, 2.0]})


def test_rows_that_are_wrong_are_named_by_what_they_hold() -> None:
    check = Check.of_rows("bounds", ROWS, np.array([False, True, True]))

    assert (check.passed, check.is_blocking) == (False, True)
    assert check.details == {"checked": 3, "problems": 2, "first_problems": ["run=b", "run=c, mean=2.0"]}


def test_without_a_problem_a_check_passes() -> None:
    assert Check.of_rows("bounds", ROWS, np.zeros(3, np.bool_)).passed
    assert Check.of("size", 2, []).passed


def test_problems_are_counted_and_the_first_ones_named() -> None:
    many = pa.table({"run": [f"r{at}" for at in range(NAMED + 5)]})
    for check in (
        Check.of_rows("bounds", many, np.ones(NAMED + 5, np.bool_)),
        Check.of("bounds", NAMED + 5, (f"run=r{at}" for at in range(NAMED + 5))),
    ):
        assert (check.n_problems, len(check.problems), check.problems[-1]) == (NAMED + 5, NAMED, f"run=r{NAMED - 1}")


def test_checks_of_one_name_are_merged_in_order() -> None:
    first = Check.of("size", 2, ["lite"], is_blocking=False)
    merged = merge([first, Check.of("keys", 1, []), Check.of("size", 3, ["mmlu"], is_blocking=False)])

    assert merged == [Check.of("size", 5, ["lite", "mmlu"], is_blocking=False), Check.of("keys", 1, [])]
    assert merge([first, Check.of("size", 1, [])])[0].is_blocking
    assert merge([Check.of("size", 1, [f"{at}" for at in range(NAMED)]), Check.of("size", 1, ["last"])])[0] == Check(
        "size", 2, NAMED + 1, tuple(f"{at}" for at in range(NAMED))
    )
