"""Ties: one rule for ranks and win rates, also for chains of values that are close."""

import math
from itertools import permutations

import numpy as np
import pytest

from every_eval.statistics.ranks import ranks
from every_eval.statistics.ties import TOLERANCE, count_ties
from every_eval.statistics.win_rates import mean_win_rates

CHAIN = (1.0, 1 + 0.8e-9, 1 + 1.6e-9)
"""Each value is within the tolerance of its neighbour; the first and the last are not within it of each other."""


@pytest.mark.parametrize("chain", list(permutations(CHAIN)))
def test_a_chain_of_close_values_has_the_same_ties_in_ranks_and_win_rates(
    chain: tuple[float, ...],
) -> None:
    # The highest value starts a tie, which holds the second. The lowest value is 1.6e-9 away from the start.
    expected_ranks = dict(zip(CHAIN, (3, 1, 1), strict=True))
    expected_rates = dict(zip(CHAIN, (0.0, 0.75, 0.75), strict=True))
    columns = np.array([[[value] * 2 for value in chain]])

    assert ranks(np.array(chain)).tolist() == [expected_ranks[value] for value in chain]
    assert ranks(columns[0]).tolist() == [[expected_ranks[value]] * 2 for value in chain]
    assert mean_win_rates([chain], [False], TOLERANCE) == [expected_rates[value] for value in chain]


def test_where_lower_is_better_a_tie_starts_at_the_lowest_value() -> None:
    assert ranks(np.array(CHAIN), lower_is_better=True).tolist() == [1, 1, 3]
    assert mean_win_rates([CHAIN], [True], TOLERANCE) == [0.75, 0.75, 0.0]


def test_values_tie_up_to_1e_9_relative_and_no_further() -> None:
    assert ranks(np.array([1e6, 1e6 * (1 + 0.9e-9)])).tolist() == [1, 1]
    assert ranks(np.array([1e6, 1e6 * (1 + 1.1e-9)])).tolist() == [2, 1]
    assert ranks(np.array([0.0, 1e-300, -1e-300])).tolist() == [2, 1, 3]
    assert ranks(np.array([-1.0, -1 - 5e-10, -1 - 5e-9])).tolist() == [1, 1, 3]


def test_without_a_tolerance_only_equal_values_tie() -> None:
    assert mean_win_rates([CHAIN], [False]) == [0.0, 0.5, 1.0]
    assert mean_win_rates([[0.5, 0.5, 0.25]], [False]) == [0.75, 0.75, 0.0]


def test_a_long_chain_is_cut_into_ties_that_each_span_at_most_the_tolerance() -> None:
    chain = np.linspace(1, 1 + 29 * 0.4e-9, 30)
    counts = count_ties(np.zeros(30, np.int64), chain)

    # From the highest: the values 0, 0.4e-9 and 0.8e-9 below a start tie with it, the next one does not.
    assert counts.n_tied.tolist() == [3] * 30
    assert counts.n_better[::-1].tolist() == [3 * (at // 3) for at in range(30)]


def test_each_group_has_ties_of_its_own() -> None:
    groups = np.array([7] * 4 + [3] * 4 + [3])
    values = np.array([*CHAIN, 0.5, *CHAIN, 0.5, math.nan])
    counts = count_ties(groups, values)

    assert (counts.n_better + 1).tolist() == [3, 1, 1, 4, 3, 1, 1, 4, 1]
    assert counts.n_values.tolist() == [4] * 8 + [0]


def test_a_value_without_any_other_has_no_win_rate() -> None:
    rates = count_ties(np.array([0, 1, 1]), np.array([0.5, 0.5, math.nan])).win_rates

    assert np.isnan(rates).all()
    assert count_ties(np.zeros(0, np.int64), np.zeros(0)).win_rates.tolist() == []


def test_win_rates_agree_with_a_count_of_pairs() -> None:
    random = np.random.default_rng(3)
    groups, values = random.integers(0, 5, 200), random.integers(0, 9, 200) / 8
    rates = count_ties(groups, values).win_rates

    for at, (group, value) in enumerate(zip(groups, values, strict=True)):
        others = np.delete(values, at)[np.delete(groups, at) == group]
        assert rates[at] == pytest.approx((np.sum(value > others) + np.sum(value == others) / 2) / len(others))
