import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.win_rate_bounds import close_wins, decided_wins, difference_bounds, win_rate_bounds
from every_eval.statistics.win_rates import mean_win_rates


def wins_of(*columns: set[tuple[int, int]], n_models: int) -> BoolArray:
    wins = np.zeros((len(columns), n_models, n_models), np.bool_)
    for column, pairs in zip(wins, columns, strict=True):
        for i, j in pairs:
            column[i, j] = True
    return wins


def possible_rates(wins: BoolArray, has_score: BoolArray) -> Iterator[FloatArray]:
    """Mean win rates of all true scores, as ranks of each column, that agree with the decisions."""
    n_models = wins.shape[1]
    columns = []
    for column, is_there in zip(wins, has_score, strict=True):
        fitting = []
        for ranks in product(range(n_models), repeat=n_models):
            values = np.array(ranks, np.float64)
            if all(values[i] > values[j] for i, j in zip(*np.nonzero(column), strict=True)):
                fitting.append([value if there else None for value, there in zip(values, is_there, strict=True)])
        columns.append(fitting)
    for chosen in product(*columns):
        rates = mean_win_rates(chosen, [False] * len(chosen))
        yield np.array([math.nan if rate is None else rate for rate in rates])


def test_a_comparison_is_decided_by_its_p_among_all_pairs_and_columns() -> None:
    # Four tests: 0.012 times 4 is 0.048 and decided, 0.02 times 3 is 0.06 and not; a missing test does not count.
    # With 0.001 as the smallest, 0.012 times 3 and 0.02 times 2 are decided.
    differences = np.array([[[0, 0.5, 0.2], [-0.5, 0, 0.1], [-0.2, -0.1, 0]], [[0, -0.4, 0], [0.4, 0, 0], [0, 0, 0]]])
    p_values = np.full((2, 3, 3), math.nan)
    p_values[0, 0, 1], p_values[0, 0, 2], p_values[0, 1, 2], p_values[1, 0, 1] = 0.012, 0.02, 0.5, 0.3
    wins = decided_wins(differences, p_values)
    assert set(zip(*np.nonzero(wins), strict=True)) == {(0, 0, 1)}
    p_values[1, 0, 1] = 0.001
    assert set(zip(*np.nonzero(decided_wins(differences, p_values)), strict=True)) == {(0, 0, 1), (0, 0, 2), (1, 1, 0)}


def test_wins_follow_from_wins() -> None:
    closed = close_wins(wins_of({(0, 1), (1, 2), (2, 3)}, {(0, 1)}, n_models=4))
    assert set(zip(*np.nonzero(closed[0]), strict=True)) == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}
    assert np.count_nonzero(closed[1]) == 1


def test_contradicting_wins_decide_nothing() -> None:
    closed = close_wins(wins_of({(0, 1), (1, 2), (2, 0), (0, 3)}, n_models=4))
    assert set(zip(*np.nonzero(closed[0]), strict=True)) == {(0, 3), (1, 3), (2, 3)}


def test_bounds_count_what_is_won_and_what_is_not_lost() -> None:
    # Column 0: 0 beats 1 and 2. Column 1: nothing is decided.
    low, high = win_rate_bounds(wins_of({(0, 1), (0, 2)}, set(), n_models=3), np.ones((2, 3), np.bool_))
    assert low.tolist() == [0.5, 0.0, 0.0]
    assert high.tolist() == [1.0, 0.75, 0.75]


def test_bounds_are_rates_whatever_the_number_of_columns() -> None:
    for n_columns in range(1, 50):  # Shares of 1/49 add up to more than 1.
        nothing, all_scores = np.zeros((n_columns, 3, 3), np.bool_), np.ones((n_columns, 3), np.bool_)
        low, high = win_rate_bounds(nothing, all_scores)
        assert low.min() >= 0
        assert high.max() <= 1


def test_a_column_counts_for_the_models_that_have_it_and_not_alone() -> None:
    has_score = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]], np.bool_)
    wins = wins_of({(0, 1), (0, 2)}, {(1, 0)}, set(), n_models=4)
    low, high = win_rate_bounds(wins, has_score)
    assert low[:3].tolist() == [0.5, 0.5, 0.0]
    assert high[:3].tolist() == [0.5, 0.75, 0.5]
    assert math.isnan(low[3]) and math.isnan(high[3])
    assert np.isnan(difference_bounds(wins, has_score)[3]).all()


@pytest.mark.parametrize(
    ("wins", "has_score"),
    [
        (wins_of({(0, 1), (1, 2), (0, 2)}, {(2, 0)}, n_models=3), np.ones((2, 3), np.bool_)),
        (wins_of({(0, 1), (0, 2)}, {(0, 1)}, n_models=3), np.array([[1, 1, 1], [1, 1, 0]], np.bool_)),
        (wins_of({(0, 1), (1, 2), (0, 2), (0, 3)}, n_models=4), np.ones((1, 4), np.bool_)),
        (wins_of(set(), n_models=3), np.ones((1, 3), np.bool_)),
    ],
)
def test_bounds_hold_for_all_true_scores_that_agree_with_the_decisions(wins: BoolArray, has_score: BoolArray) -> None:
    rates = np.array(list(possible_rates(wins, has_score)))
    low, high = win_rate_bounds(wins, has_score)
    assert (low <= rates.min(axis=0) + 1e-12).all() and (rates.max(axis=0) <= high + 1e-12).all()
    differences = np.min(rates[:, :, np.newaxis] - rates[:, np.newaxis], axis=0)
    assert (difference_bounds(wins, has_score) <= differences + 1e-12).all()


def test_of_one_column_all_bounds_are_attained() -> None:
    # 0 beats 1 and 2, of 4 models: the win rate of 0 is from 2/3, and 0 is at least 1/3 above 1 and 2.
    wins, has_score = wins_of({(0, 1), (0, 2)}, n_models=4), np.ones((1, 4), np.bool_)
    rates = np.array(list(possible_rates(wins, has_score)))
    low, high = win_rate_bounds(wins, has_score)
    assert low.tolist() == rates.min(axis=0).tolist()
    assert high == pytest.approx(rates.max(axis=0))
    least = difference_bounds(wins, has_score)
    assert least[0, 1] == pytest.approx(np.min(rates[:, 0] - rates[:, 1]))
    assert least[0, 1] == pytest.approx(1 / 3)


def test_a_model_without_a_score_in_a_column_is_no_opponent_there() -> None:
    wins, has_score = wins_of({(0, 1), (0, 2), (2, 1)}, n_models=3), np.array([[1, 1, 0]], np.bool_)
    low, high = win_rate_bounds(wins, has_score)
    assert (low[:2].tolist(), high[:2].tolist()) == ([1.0, 0.0], [1.0, 0.0])
    assert difference_bounds(wins, has_score)[0, 1] == 1.0


def test_models_decidedly_between_add_to_the_difference() -> None:
    wins = close_wins(wins_of({(0, 1), (1, 2)}, n_models=6))
    least = difference_bounds(wins, np.ones((1, 6), np.bool_))
    assert least[0, 2] == pytest.approx(2 / 5)
    assert least[1, 2] == pytest.approx(1 / 5)
