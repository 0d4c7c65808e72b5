import math
from collections.abc import Sequence

import numpy as np

from every_eval.contracts.stats import N_REPLICATES
from every_eval.sources.main_table import MainTable, Score, Standing

UNMEASURED = Score(None)


def steady(value: float) -> Score:
    """A score that is the same in every replicate."""
    return Score(value, np.full(N_REPLICATES, value))


def _table(rows: Sequence[Sequence[Score]], lower: Sequence[bool | None], *, has_win_rates: bool = True) -> MainTable:
    return MainTable(lower, [Standing({}, scores) for scores in rows], has_win_rates)


def test_a_score_that_was_not_resampled_stands_still_as_an_opponent() -> None:
    swings = Score(0.6, np.where(np.arange(N_REPLICATES) < 50, 0.4, 0.6))
    rates = _table([[swings], [Score(0.5)]], [False]).win_rates

    assert rates.values == [1.0, 0.0]
    # it is beaten in the 50 draws in which the other one falls below 0.5
    assert rates.replicates[0].mean() == 150 / N_REPLICATES
    assert rates.is_resampled.tolist() == [True, False]


def test_a_row_is_resampled_if_all_scores_that_it_has_are() -> None:
    table = _table([[steady(1), UNMEASURED], [steady(1), Score(0.5)], [UNMEASURED, UNMEASURED]], [False, False])

    assert table.mean_scores.values == [1.0, 0.75, None]
    assert table.mean_scores.is_resampled.tolist() == [True, False, False]
    assert np.isnan(table.mean_scores.replicates[2]).all()


def test_without_win_rates_scores_rank_and_lower_can_be_better() -> None:
    rows = [[steady(0.25), steady(0.75)], [steady(1), steady(2)]]
    low = _table(rows, [True, True], has_win_rates=False)

    assert low.win_rates.values == [None, None]
    assert low.mean_scores.values == [0.5, 1.5]
    assert low.ranking.values == [-0.5, -1.5]
    assert (low.ranking.replicates == np.array([[-0.5], [-1.5]])).all()
    assert _table(rows, [False, False], has_win_rates=False).ranking.values == [0.5, 1.5]
    assert _table(rows, [None, None], has_win_rates=False).ranking.values == [None, None]
    assert _table(rows, [True, False], has_win_rates=False).ranking.values == [None, None]


def test_with_win_rates_they_rank() -> None:
    table = _table([[steady(0.25)], [steady(0.5)]], [True])

    assert table.ranking.values == [1.0, 0.0]


def test_a_table_without_columns_sums_up_nothing() -> None:
    table = _table([[], []], [])

    for aggregate in (table.win_rates, table.mean_scores, table.ranking):
        assert aggregate.values == [None, None]
        assert not aggregate.is_resampled.any()
        assert all(math.isnan(value) for value in aggregate.replicates.ravel())


def test_a_model_with_a_lost_score_has_no_means_but_its_other_scores_count_as_opponents() -> None:
    lost = Score(None, lost_because="5 of 100 rows are left.")
    table = _table([[steady(0.9), lost], [steady(0.5), steady(0.5)], [steady(0.1), steady(0.1)]], [False, False])

    assert table.standings[0].unranked_because == "5 of 100 rows are left."
    assert table.mean_scores.values == [None, 0.5, 0.1]
    # In the first column the middle model beats one of two others, in the second column its only opponent.
    assert table.win_rates.values == [None, (1 / 2 + 1) / 2, 0]
    assert table.win_rates.is_resampled.tolist() == [False, True, True]


def test_the_reported_scores_have_win_rates_and_means_of_their_own() -> None:
    table = _table([[Score(0.6, reported=0.9)], [Score(0.7, reported=0.7)]], [False])

    assert (table.win_rates.values, table.reported_win_rates) == ([0, 1], [1, 0])
    assert (table.mean_scores.values, table.reported_mean_scores) == ([0.6, 0.7], [0.9, 0.7])
    assert _table([[Score(0.6)]], [False], has_win_rates=False).reported_win_rates == [None]
    assert _table([[]], []).reported_mean_scores == [None]
