"""Grouped sums and extremes."""

import math

import numpy as np

from every_eval.statistics.groups import Groups, divide

KEYS = np.array([7, 3, 7, 5, 3, 7])
VALUES = np.array([1.0, 2.0, math.nan, 4.0, 8.0, 16.0])


def test_results_are_in_the_order_of_the_keys() -> None:
    groups = Groups(KEYS)
    assert groups.keys.tolist() == [3, 5, 7]
    assert groups.sizes.tolist() == [2, 1, 3]
    assert groups.add(np.nan_to_num(VALUES)).tolist() == [10.0, 4.0, 17.0]
    assert groups.count(np.arange(6)).tolist() == [1 + 4, 3, 0 + 2 + 5]


def test_sums_add_one_value_after_the_other() -> None:
    # 1 + 2^-53 is 1, as often as it is repeated; sums in pairs would add the small values first.
    values = np.array([1.0] + [2.0**-53] * 99)
    assert Groups(np.zeros(100, np.int64)).add(values).tolist() == [1.0]


def test_extremes_of_a_group_with_nan_are_nan_unless_asked_for_the_known() -> None:
    groups = Groups(KEYS)
    np.testing.assert_equal(groups.min(VALUES), [2.0, 4.0, math.nan])
    np.testing.assert_equal(groups.max(VALUES), [8.0, 4.0, math.nan])
    np.testing.assert_equal(groups.known_min(VALUES), [2.0, 4.0, 1.0])


def test_spread_gives_each_position_the_value_of_its_group() -> None:
    assert Groups(KEYS).spread(np.array([0.3, 0.5, 0.7])).tolist() == [0.7, 0.3, 0.7, 0.5, 0.3, 0.7]


def test_no_positions_give_no_groups() -> None:
    groups = Groups(np.array([], np.int64))
    assert (
        len(groups.keys) == len(groups.sizes) == len(groups.add(np.array([]))) == len(groups.spread(np.array([]))) == 0
    )


def test_dividing_by_0_gives_nan() -> None:
    np.testing.assert_equal(divide(np.array([1.0, 0.0]), np.array([2, 0])), [0.5, math.nan])
