import math
from fractions import Fraction
from itertools import permutations

import pytest

from every_eval.statistics.win_rates import mean_scores, mean_win_rates, mean_win_rates_by_row


def test_the_best_of_three_wins_always_and_the_worst_never() -> None:
    # 0.9 beats both others: 2/2; 0.5 beats one: 1/2; 0.1 none.
    assert mean_win_rates([[0.1, 0.9, 0.5]], [False]) == [0.0, 1.0, 0.5]


def test_lower_values_win_where_lower_is_better() -> None:
    assert mean_win_rates([[0.1, 0.9, 0.5]], [True]) == [1.0, 0.0, 0.5]


def test_a_tie_counts_as_half_a_win() -> None:
    # Of four: the two 0.5 beat 0.1 and tie once, (1 + 1/2) / 3; 0.9 beats three.
    assert mean_win_rates([[0.5, 0.1, 0.5, 0.9]], [False]) == [1.5 / 3, 0.0, 1.5 / 3, 1.0]


def test_rows_average_over_the_columns_in_which_they_have_a_value() -> None:
    # Column 1 ranks rows 0 and 1 (1/1 and 0/1), column 2 rows 1 and 2 (0/1 and 1/1).
    rates = mean_win_rates([[0.9, 0.2, None], [None, 0.2, 0.7]], [False, False])

    assert rates == [1.0, 0.0, 1.0]


def test_columns_without_direction_or_with_one_value_do_not_count() -> None:
    columns: list[list[float | None]] = [[3.0, 1.0], [0.5, None], [0.1, 0.2]]

    assert mean_win_rates(columns, [None, False, False]) == [0.0, 1.0]
    assert mean_win_rates(columns[:2], [None, False]) == [None, None]


def test_the_mean_over_columns_is_the_exact_one_rounded_once() -> None:
    # The first row wins 0/3, 2/3 and 3/3. Added as floats they make 0.5555555555555555; exactly, they round to ...56.
    columns = [[0.1, 0.2, 0.3, 0.4], [0.3, 0.1, 0.2, 0.4], [0.4, 0.1, 0.2, 0.3]]

    assert mean_win_rates(columns, [False] * 3)[0] == float((Fraction(2 / 3) + 1) / 3) != (0 / 3 + 2 / 3 + 3 / 3) / 3


def test_values_within_the_tolerance_tie() -> None:
    column = [1.0, 1.0 + 5e-10, 2.0]

    assert mean_win_rates([column], [False]) == [0.0, 0.5, 1.0]
    assert mean_win_rates([column], [False], tolerance=1e-9) == [0.25, 0.25, 1.0]


def test_the_order_of_rows_changes_nothing() -> None:
    values = [0.5, 0.1, 0.5, 0.9]
    expected = dict(zip(values, mean_win_rates([values], [False]), strict=True))

    for shuffled in permutations(values):
        assert mean_win_rates([shuffled], [False]) == [expected[value] for value in shuffled]


def test_win_rates_of_rows_that_all_compare_average_one_half() -> None:
    # Every pair of rows shares one win between them.
    columns = [[0.3, 0.3, 0.1, 0.8, 0.5], [2.0, 7.0, 7.0, 7.0, 1.0]]
    rates = mean_win_rates(columns, [False, True])

    assert math.fsum(rate for rate in rates if rate is not None) / 5 == pytest.approx(0.5, abs=1e-15)


def test_by_the_old_rule_the_later_of_equal_rows_wins() -> None:
    assert mean_win_rates_by_row([[0.5, 0.5, 0.1]], [False]) == [0.5, 1.0, 0.0]


def test_by_the_old_rule_the_earlier_of_equal_rows_wins_where_lower_is_better() -> None:
    assert mean_win_rates_by_row([[0.5, 0.5, 0.1]], [True]) == [0.5, 0.0, 1.0]


def test_mean_scores_are_plain_means_of_what_a_row_has() -> None:
    assert mean_scores([[0.5, None, None], [1.0, 0.25, None]], [False, False]) == [0.75, 0.25, None]


def test_mean_scores_add_from_the_left_without_compensation() -> None:
    # 0.1 + 0.2 + 0.3 is 0.6000000000000001 from the left; the exact sum rounds to 0.6.
    assert mean_scores([[0.1], [0.2], [0.3]], [False] * 3) == [(0.1 + 0.2 + 0.3) / 3]


def test_mean_scores_are_undefined_where_directions_differ() -> None:
    assert mean_scores([[0.5, 0.1], [1.0, 0.2]], [False, True]) == [None, None]
    assert mean_scores([[0.5, 0.1], [1.0, 0.2]], [False, None]) == [None, None]


def test_no_columns_give_no_rows() -> None:
    assert mean_win_rates([], []) == mean_win_rates_by_row([], []) == mean_scores([], []) == []
