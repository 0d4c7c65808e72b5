import numpy as np

from every_eval.statistics.groups import BoolArray
from every_eval.statistics.rank_bounds import RankBounds, tiers


def better(*pairs: tuple[int, int], n_models: int) -> BoolArray:
    is_better = np.zeros((n_models, n_models), np.bool_)
    for i, j in pairs:
        is_better[i, j] = True
    return is_better


def test_ranks_are_bounded_by_those_that_are_certainly_better_and_worse() -> None:
    # 0 is better than 2 and 3, 1 than 3: 0 is 1st or 2nd, 1 is 1st to 3rd, 2 is 2nd to 4th, 3 is 3rd or 4th.
    bounds = RankBounds.of(better((0, 2), (0, 3), (1, 3), n_models=4))
    assert bounds.low.tolist() == [1, 1, 2, 3]
    assert bounds.high.tolist() == [2, 3, 4, 4]
    assert bounds.n_tied.tolist() == [1, 2, 2, 1]
    assert bounds.tier.tolist() == [1, 1, 2, 2]


def test_a_model_that_is_at_least_as_good_cannot_be_overtaken() -> None:
    # 0 is better than 1 or equal to it: its rank is 1, as equal models share the best rank; 1 may be 1st too.
    bounds = RankBounds.of_differences(np.array([[0.0, 0.0], [-0.5, 0.0]]))
    assert (bounds.low.tolist(), bounds.high.tolist()) == ([1, 1], [1, 2])
    assert bounds.n_tied.tolist() == [1, 1]


def test_rounding_decides_nothing() -> None:
    bounds = RankBounds.of_differences(np.array([[0.0, 1e-16], [-1e-16, 0.0]]))
    assert (bounds.low.tolist(), bounds.high.tolist(), bounds.tier.tolist()) == ([1, 1], [1, 1], [1, 1])


def test_unknown_differences_decide_nothing() -> None:
    bounds = RankBounds.of_differences(np.full((3, 3), np.nan))
    assert (bounds.low.tolist(), bounds.high.tolist()) == ([1] * 3, [3] * 3)


def test_bounds_are_widened_to_the_observed_ranks() -> None:
    bounds = RankBounds.of(better((0, 1), (1, 2), (0, 2), n_models=3)).containing(np.array([1, 3, 2]))
    assert (bounds.low.tolist(), bounds.high.tolist()) == ([1, 2, 2], [1, 3, 3])


def test_a_tier_holds_all_that_may_be_first_without_the_tiers_before() -> None:
    # 0 and 1 cannot be told apart; both are better than 2 and 3; 3 is better than 4, and 2 cannot be told from 4.
    pairs = ((0, 2), (0, 3), (1, 2), (1, 3), (0, 4), (1, 4), (3, 4))
    assert tiers(better(*pairs, n_models=5)).tolist() == [1, 1, 2, 2, 3]


def test_models_in_a_cycle_share_a_tier() -> None:
    assert tiers(better((0, 1), (1, 2), (2, 0), n_models=3)).tolist() == [1, 1, 1]


def test_one_model_is_the_first_and_the_last() -> None:
    bounds = RankBounds.of(better(n_models=1))
    assert [bounds.low[0], bounds.high[0], bounds.n_tied[0], bounds.tier[0]] == [1, 1, 0, 1]
