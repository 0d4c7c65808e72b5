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
