from collections.abc import Sequence

import numpy as np

from every_eval.sources.main_table import MainTable, Score, Standing

UNMEASURED = Score(None)


def _table(rows: Sequence[Sequence[Score]], lower: Sequence[bool | None], *, has_win_rates: bool = True) -> MainTable:
    return MainTable(lower, [Standing({}, scores) for scores in rows], has_win_rates)


def test_a_mean_is_over_the_columns_that_a_model_has() -> None:
    table = _table([[Score(1), UNMEASURED], [Score(1), Score(0.5)], [UNMEASURED, UNMEASURED]], [False, False])

    assert table.mean_scores == [1.0, 0.75, None]


def test_a_benchmark_without_win_rates_has_means_only_of_columns_with_one_direction() -> None:
    rows = [[Score(0.25), Score(0.75)], [Score(1), Score(2)]]
    low = _table(rows, [True, True], has_win_rates=False)

    assert low.win_rates == [None, None]
    assert low.mean_scores == [0.5, 1.5]
    assert _table(rows, [False, False], has_win_rates=False).mean_scores == [0.5, 1.5]
    assert _table(rows, [True, False], has_win_rates=False).mean_scores == [None, None]


def test_a_win_is_the_lower_score_where_lower_is_better() -> None:
    table = _table([[Score(0.25)], [Score(0.5)]], [True])

    assert table.win_rates == [1.0, 0.0]


def test_a_table_without_columns_sums_up_nothing() -> None:
    table = _table([[], []], [])

    for aggregate in (table.win_rates, table.mean_scores):
        assert aggregate == [None, None]


def test_a_model_with_a_lost_score_has_no_means_but_its_other_scores_count_as_opponents() -> None:
    lost = Score(None, lost_because="5 of 100 rows are left.")
    table = _table([[Score(0.9), lost], [Score(0.5), Score(0.5)], [Score(0.1), Score(0.1)]], [False, False])

    assert table.standings[0].unranked_because == "5 of 100 rows are left."
    assert table.mean_scores == [None, 0.5, 0.1]
    # In the first column the middle model beats one of two others, in the second column its only opponent.
    assert table.win_rates == [None, (1 / 2 + 1) / 2, 0]


def test_the_reported_scores_have_win_rates_and_means_of_their_own() -> None:
    table = _table([[Score(0.6, reported=0.9)], [Score(0.7, reported=0.7)]], [False])

    assert (table.win_rates, table.reported_win_rates) == ([0, 1], [1, 0])
    assert (table.mean_scores, table.reported_mean_scores) == ([0.6, 0.7], [0.9, 0.7])
    assert _table([[Score(0.6)]], [False], has_win_rates=False).reported_win_rates == [None]
    assert _table([[]], []).reported_mean_scores == [None]


def test_win_rates_by_column_have_the_mean_win_rates_as_their_mean() -> None:
    rows = [[Score(0.9), UNMEASURED], [Score(0.5), Score(0.5)], [Score(0.1), Score(0.5)]]
    rates = _table(rows, [False, True]).win_rates_by_column
    # The models that tie in the second column share its win.
    assert np.array_equal(rates, [[1, 0.5, 0], [np.nan, 0.5, 0.5]], equal_nan=True)
    assert np.isnan(_table(rows, [None, None]).win_rates_by_column).all()
