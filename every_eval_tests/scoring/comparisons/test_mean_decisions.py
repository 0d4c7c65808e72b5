from collections.abc import Sequence

import numpy as np
import pytest

from every_eval.scoring.comparisons.mean_decisions import MeanDecisions
from every_eval.sources.main_table import MainTable, Score
from every_eval_tests.scoring.comparisons.boards import compared_table, right_answers, standing, unknown_items

N = 100


def decisions(answers: dict[str, list[Sequence[float] | None]], *, lower_is_better: bool = False) -> MeanDecisions:
    compared = compared_table(answers, has_win_rates=False, lower_is_better=lower_is_better)
    found = MeanDecisions.of(compared.table, compared.board, compared.cells.standard_error)
    assert found is not None
    return found


def pairs(found: MeanDecisions, n_models: int) -> set[tuple[int, int]]:
    wins = found.wins(np.ones(n_models, np.bool_))
    return {(int(i), int(j)) for i, j in zip(*np.nonzero(wins), strict=True)}


def test_means_over_columns_decide_what_single_columns_do_not() -> None:
    # In each of four columns a gets 4 items more right than b: 16 differences of one sign, z = 4.
    a, b = [right_answers(54, N)] * 4, [right_answers(50, N)] * 4
    assert pairs(decisions({"a": [*a], "b": [*b]}), 2) == {(0, 1)}
    assert pairs(decisions({"a": [*a[:1]], "b": [*b[:1]]}), 2) == set()


def test_a_lower_mean_that_is_better_wins() -> None:
    answers: dict[str, list[Sequence[float] | None]] = {"a": [right_answers(10, N)], "b": [right_answers(60, N)]}
    found = decisions(answers, lower_is_better=True)
    assert pairs(found, 2) == {(0, 1)}
    assert found.adjusted.values == pytest.approx([-0.1, -0.6])


def test_models_with_gaps_are_decided_by_their_adjusted_scores() -> None:
    answers: dict[str, list[Sequence[float] | None]] = {
        "a": [right_answers(n, N) for n in (90, 30, 40, 35)],
        "b": [None, *(right_answers(n, N) for n in (70, 80, 75))],
    }
    found = decisions(answers)
    assert pairs(found, 2) == {(1, 0)}
    assert found.adjusted.values[1] == pytest.approx(found.adjusted.values[0] + 0.4)


def test_rows_that_are_not_ranked_are_in_no_decision() -> None:
    answers: dict[str, list[Sequence[float] | None]] = {
        name: [right_answers(n, N)] for name, n in {"a": 90, "b": 50, "c": 10}.items()
    }
    wins = decisions(answers).wins(np.array([True, False, True]))
    assert np.argwhere(wins).tolist() == [[0, 2]]


@pytest.mark.parametrize("directions", [[None], [False, True]])
def test_without_one_direction_nothing_is_decided(directions: list[bool | None]) -> None:
    scores = [Score(0.5)] * len(directions)
    compared = unknown_items(MainTable(directions, [standing("a", *scores), standing("b", *scores)], True))
    assert MeanDecisions.of(compared.table, compared.board, compared.cells.standard_error) is None
