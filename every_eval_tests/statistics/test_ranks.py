"""Ranks with ties."""

import math

import numpy as np

from every_eval.statistics.nulls import to_array, to_list
from every_eval.statistics.ranks import BLOCK, ranks, ranks_within


def test_ties_share_the_best_rank_and_the_next_rank_is_left_out() -> None:
    assert ranks(np.array([0.5, 0.7, 0.7, 0.1])).tolist() == [3.0, 1.0, 1.0, 4.0]


def test_lower_can_be_better() -> None:
    assert ranks(np.array([0.5, 0.7, 0.7, 0.1]), lower_is_better=True).tolist() == [2.0, 3.0, 3.0, 1.0]


def test_nan_has_no_rank() -> None:
    found = ranks(np.array([math.nan, 0.2, 0.3]))
    assert math.isnan(found[0])
    assert found[1:].tolist() == [2.0, 1.0]
    assert ranks(np.array([])).tolist() == []


def test_the_highest_value_has_rank_1() -> None:
    assert to_list(ranks(to_array([0.5, None, 0.7, 0.7, 0.1]))) == [3, None, 1, 1, 4]


def test_ranks_within_groups_come_with_the_number_of_ranked_values() -> None:
    rank, n_ranked = ranks_within(np.array([1, 0, 1, 1]), np.array([0.5, 2.0, math.nan, 0.7]))
    assert (rank[0], rank[1], rank[3]) == (2, 1, 1)
    assert (n_ranked[0], n_ranked[1], n_ranked[3]) == (2, 1, 2)


def test_ranks_do_not_depend_on_the_blocks_that_are_sorted_at_once() -> None:
    random = np.random.default_rng(5)
    groups = np.repeat([7, 3, 9, 1], [BLOCK // 2, BLOCK + 3, 2, BLOCK])
    values = random.permutation(len(groups)).astype(np.float64)  # No two are equal.
    shuffled = random.permutation(len(groups))
    rank, n_ranked = ranks_within(groups[shuffled], values[shuffled])
    for group in np.unique(groups):
        at = np.flatnonzero(groups[shuffled] == group)
        best_first = np.argsort(-values[shuffled][at])
        assert np.array_equal(rank[at][best_first], np.arange(1, len(at) + 1))
        assert (n_ranked[at] == len(at)).all()
