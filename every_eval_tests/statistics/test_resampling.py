import math

import numpy as np
import pytest

from every_eval.statistics.resampling import resampled_mean_scores, resampled_win_rates
from every_eval.statistics.ties import TOLERANCE
from every_eval.statistics.win_rates import mean_scores, mean_win_rates

N_REPLICATES = 200


def _draws(*rows: float) -> list[list[float]]:
    """One replicate, a column of a main table."""
    return [[value] for value in rows]


def test_each_replicate_has_the_win_rates_of_its_own_scores() -> None:
    # Column 1: 3 beats 1 and ties with 3, 1.5 of 2; column 2, lower is better: 1 beats both, 2 of 2
    rates = resampled_win_rates(np.array([_draws(3, 3, 1), _draws(1, 2, 3)]), [False, True])

    assert rates.tolist() == [[(1.5 / 2 + 2 / 2) / 2], [(1.5 / 2 + 1 / 2) / 2], [0.0]]


def test_each_replicate_follows_the_rules_of_the_leaderboard_itself() -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 6, (4, 7, N_REPLICATES)) / 5
    scores[2, 3:5] = np.nan
    scores[3, 1:] = np.nan  # A single value, which beats nobody
    lower = [False, True, False, False]
    rates, means = resampled_win_rates(scores, lower), resampled_mean_scores(scores)

    for draw in range(0, N_REPLICATES, 20):
        columns = [[None if math.isnan(value) else float(value) for value in column[:, draw]] for column in scores]
        assert rates[:, draw] == pytest.approx(mean_win_rates(columns, lower, TOLERANCE))
        assert means[:, draw] == pytest.approx(mean_scores(columns, [False] * 4))


def test_values_within_1e_9_tie() -> None:
    rates = resampled_win_rates(np.array([_draws(0.5, 0.5 * (1 + 5e-10)), _draws(0.5, 0.5 * (1 + 5e-9))]), [False] * 2)

    assert rates.tolist() == [[(0.5 + 0) / 2], [(0.5 + 1) / 2]]


def test_columns_without_a_direction_count_in_means_alone() -> None:
    scores = np.array([_draws(1, 0), _draws(0, 1)])

    assert resampled_win_rates(scores, [False, None]).tolist() == [[1.0], [0.0]]
    assert resampled_mean_scores(scores).tolist() == [[0.5], [0.5]]


def test_a_row_that_lost_a_score_in_a_replicate_has_no_aggregate_there() -> None:
    # In the second replicate the first row has no value in the second column
    scores = np.array([[[3.0, 3.0], [1.0, 1.0], [2.0, 2.0]], [[3.0, math.nan], [1.0, 1.0], [2.0, 2.0]]])
    rates, means = resampled_win_rates(scores, [False, False]), resampled_mean_scores(scores)

    assert rates[:, 0].tolist() == [1.0, 0.0, 0.5]
    assert math.isnan(rates[0, 1]) and math.isnan(means[0, 1])
    # The others are held against each other
    assert rates[1:, 1].tolist() == [0.0, (0.5 + 1) / 2]
    assert means[1:, 1].tolist() == [1.0, 2.0]


def test_a_row_without_any_score_has_none() -> None:
    scores = np.array([_draws(1, math.nan, 0)])

    assert np.isnan(resampled_win_rates(scores, [False])[1]).all()
    assert np.isnan(resampled_mean_scores(scores)[1]).all()
