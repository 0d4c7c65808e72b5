"""Ranks and their ranges."""

import math

import numpy as np

from every_eval.statistics.ranks import rank_ranges, ranks


def test_ties_share_the_best_place_and_the_next_place_is_left_out() -> None:
    assert ranks(np.array([0.5, 0.7, 0.7, 0.1])).tolist() == [3.0, 1.0, 1.0, 4.0]


def test_lower_can_be_better() -> None:
    assert ranks(np.array([0.5, 0.7, 0.7, 0.1]), lower_is_better=True).tolist() == [2.0, 3.0, 3.0, 1.0]


def test_values_tie_within_1e_9_relative() -> None:
    assert ranks(np.array([1e6, 1e6 * (1 + 0.9e-9)])).tolist() == [1.0, 1.0]
    assert ranks(np.array([1e6, 1e6 * (1 + 1.1e-9)])).tolist() == [2.0, 1.0]
    assert ranks(np.array([0.0, 1e-300, -1e-300])).tolist() == [2.0, 1.0, 3.0]


def test_what_has_no_value_has_no_place() -> None:
    found = ranks(np.array([math.nan, 0.2, 0.3]))
    assert math.isnan(found[0])
    assert found[1:].tolist() == [2.0, 1.0]
    assert ranks(np.array([])).tolist() == []


def test_a_range_is_of_the_places_taken_in_the_replicates() -> None:
    # the second row is first in 20 of 200 replicates, the third never moves
    replicates = np.array([[2.0] * 200, [3.0] * 20 + [1.0] * 180, [0.0] * 200])
    low, high = rank_ranges(replicates)
    assert list(zip(low, high, strict=True)) == [(1.0, 2.0), (1.0, 2.0), (3.0, 3.0)]


def test_a_range_leaves_out_what_is_rare() -> None:
    # first in 4 of 200, fewer than the 5 that an end needs
    replicates = np.array([[2.0] * 200, [3.0] * 4 + [1.0] * 196])
    low, high = rank_ranges(replicates)
    assert list(zip(low, high, strict=True)) == [(1.0, 1.0), (2.0, 2.0)]


def test_a_row_without_replicates_has_no_range() -> None:
    low, high = rank_ranges(np.array([[1.0, 2.0], [math.nan, math.nan]]))
    assert (low[0], high[0]) == (1.0, 1.0)
    assert math.isnan(low[1]) and math.isnan(high[1])
