import numpy as np

from every_eval.scoring.comparisons.mean_decisions import MeanDecisions
from every_eval.scoring.comparisons.places import Places
from every_eval_tests.scoring.comparisons.boards import compared_table, right_answers

N = 200
ANSWERS = {"a": (180, 60), "b": (120, 100), "c": (60, 140)}
"""Right answers of each model in two columns, of 200."""


def places(has_no_reason: tuple[bool, ...] = (True, True, True), *, has_win_rates: bool = True) -> Places:
    answers = {name: [right_answers(n, N) for n in counts] for name, counts in ANSWERS.items()}
    compared = compared_table(answers, has_win_rates=has_win_rates)
    means = MeanDecisions.of(compared.table, compared.board, compared.cells.standard_error)
    return Places(compared.table, compared.decisions, means, np.array(has_no_reason))


def test_models_that_win_one_column_each_share_rank_and_tier() -> None:
    # Every comparison is decided: win rates 1 and 0, 1/2 and 1/2, 0 and 1.
    columns = places().columns
    assert columns["rank"] == columns["rank_low"] == columns["rank_high"] == [1, 1, 1]
    assert columns["tier"] == [1, 1, 1]
    # Equal win rates are certain here, but no model is certainly better.
    assert columns["n_tied_with"] == [2, 2, 2]


def test_without_a_column_the_other_one_ranks() -> None:
    columns = places().columns
    assert columns["rank_without_one_low"] == [1, 2, 1]
    assert columns["rank_without_one_high"] == [3, 2, 3]


def test_a_row_with_a_reason_has_no_place_and_leaves_the_others_theirs() -> None:
    columns = places((True, False, True)).columns
    assert columns["rank"] == [1, None, 1]
    assert columns["rank_low"] == [1, None, 1]
    assert columns["tier"] == [1, None, 1]


def test_a_board_without_win_rates_is_ranked_by_means() -> None:
    # Means 0.6, 0.55, 0.5: of a and b, 100 items differ, 60 for a and 40 for b.
    columns = places(has_win_rates=False).columns
    assert columns["rank"] == [1, 2, 3]
    assert columns["rank_low"] == columns["score_rank_low"]
    assert columns["rank_high"] == columns["score_rank_high"]
