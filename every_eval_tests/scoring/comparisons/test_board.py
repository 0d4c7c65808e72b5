from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from every_eval.scoring.comparisons.board import BoardComparison, compare_board
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.statistics.binary_pairs import mcnemar_p
from every_eval_tests.scoring.responses.item_score_rows import item_scores, state_files

Answers = Mapping[str, float]


def key(model: str, scenario: str) -> StatisticKey:
    return StatisticKey("v1", f"{scenario}:model={model}", "f1", "test", None)


def compared(tmp_path: Path, *models: Mapping[str, Mapping[str, Answers]]) -> BoardComparison:
    """Compare models; each has columns by name, and each column has answers by scenario and item."""
    rows, scenarios, standings = [], {}, []
    columns = list(dict.fromkeys(name for model in models for name in model))
    for number, model in enumerate(models):
        scores = []
        for column in columns:
            pooled = []
            for scenario, answers in model.get(column, {}).items():
                one = key(str(number), scenario)
                rows += item_scores(str(number), answers, run=one.run)
                scenarios[one.suite, one.run] = (scenario, None)
                pooled.append(PooledStatistic(one, 1, float(np.mean(list(answers.values())))))
            value = float(np.mean([one.mean for one in pooled])) if pooled else None
            scores.append(Score(value, statistics=pooled))
        standings.append(Standing({}, scores))
    folder = tmp_path / "store"
    folder.mkdir()
    store = ResponseStore.fill(state_files(tmp_path, rows), scenarios, folder)
    return compare_board(MainTable([False] * len(columns), standings, has_win_rates=True), store)


def test_models_are_compared_in_each_column_and_over_the_columns_that_both_have(tmp_path: Path) -> None:
    right = {f"id{number}": 1.0 for number in range(10)}
    half = {name: float(number < 5) for number, name in enumerate(right)}
    found = compared(
        tmp_path,
        {"gsm": {"gsm": right}, "math": {"math": {f"m{name}": value for name, value in right.items()}}},
        {"gsm": {"gsm": half}},
        {"gsm": {"gsm": half}, "math": {"math": {f"m{name}": value for name, value in half.items()}}},
    )
    assert (found.a.tolist(), found.b.tolist()) == ([0, 0, 1], [1, 2, 2])
    gsm, math = found.columns
    assert gsm.difference.tolist() == [0.5, 0.5, 0.0]
    assert gsm.p_value[:2].tolist() == [*mcnemar_p(np.array([5, 5]), np.array([0, 0]))]
    assert math.n.tolist() == [0, 10, 0]
    assert found.means.difference.tolist() == [0.5, 0.5, 0.0]
    assert found.means.n.tolist() == [10, 20, 10]
    assert found.n_columns.tolist() == [1, 2, 1]


def test_a_column_over_several_scenarios_weighs_them_as_its_score_does(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        {"wmt": {"cs-en": {"c1": 1.0, "c2": 1.0, "c3": 1.0, "c4": 1.0}, "de-en": {"d1": 0.5, "d2": 0.25}}},
        {"wmt": {"cs-en": {"c1": 0.0, "c2": 1.0, "c3": 1.0, "c4": 1.0}, "de-en": {"d1": 0.25, "d2": 0.25}}},
    )
    # The score is the mean of the scenarios' means, however many items they have.
    assert found.columns[0].difference[0] == pytest.approx((1 / 4 + 0.25 / 2) / 2)
    assert found.columns[0].n[0] == 6


def test_a_matrix_of_pairs_has_both_orders(tmp_path: Path) -> None:
    found = compared(tmp_path, *({"gsm": {"gsm": {"x": value, "y": 0.0}}} for value in (1.0, 0.5, 0.0)))
    matrix = found.matrix(found.means.difference)
    assert matrix[0, 2] == 0.5 == -matrix[2, 0]
    assert np.isnan(np.diag(matrix)).all()
    assert (found.matrix(found.means.p_value, sign=1) == found.matrix(found.means.p_value, sign=1).T).sum() == 6


def test_models_without_items_are_not_told_apart(tmp_path: Path) -> None:
    found = compared(tmp_path, {"gsm": {"gsm": {"x": 1.0}}}, {})
    assert found.means.n.tolist() == [0]
    assert np.isnan(found.means.p_value).all()


def test_runs_of_one_scenario_that_a_score_pools_are_averaged_by_item(tmp_path: Path) -> None:
    rows, scenarios = [], {}
    runs = {"a": {"x": 1.0, "y": 0.0}, "a2": {"x": 0.0, "y": 0.0}, "b": {"x": 0.25, "y": 0.25}}
    for name, answers in runs.items():
        rows += item_scores(name, answers, run=key(name, "gsm").run)
        scenarios["v1", key(name, "gsm").run] = ("gsm", None)
    folder = tmp_path / "store"
    folder.mkdir()
    store = ResponseStore.fill(state_files(tmp_path, rows), scenarios, folder)
    pooled = {name: PooledStatistic(key(name, "gsm"), 1, float(np.mean(list(runs[name].values())))) for name in runs}
    a = Score(0.25, statistics=[pooled["a"], pooled["a2"]])
    standings = [Standing({}, [a]), Standing({}, [Score(0.25, statistics=[pooled["b"]])])]
    found = compare_board(MainTable([False], standings, has_win_rates=True), store)
    # Item x: (1 + 0) / 2 - 0.25; item y: 0 - 0.25.
    assert found.means.difference[0] == pytest.approx(0.0)
    assert found.means.variance[0] == pytest.approx(np.var([0.25, -0.25], ddof=1) / 2)


def test_a_statistic_without_items_is_compared_by_the_items_of_those_that_it_pools(tmp_path: Path) -> None:
    answers = {
        "a": {"x": {"x1": 1.0, "x2": 1.0}, "y": {"y1": 0.5}},
        "b": {"x": {"x1": 0.0, "x2": 1.0}, "y": {"y1": 0.0}},
    }
    rows, scenarios, groups, standings = [], {}, {}, []
    for model, by_scenario in answers.items():
        parts = []
        for name, of_items in by_scenario.items():
            mean = float(np.mean(list(of_items.values())))
            parts.append(PooledStatistic(key(model, name), len(of_items), mean))
            rows += item_scores(model, of_items, run=parts[-1].key.run)
            scenarios["v1", parts[-1].key.run] = (name, None)
        group = PooledStatistic(key(model, "group"), 1, sum(one.weight * one.mean for one in parts) / 3)
        groups[group.key] = parts
        standings.append(Standing({}, [Score(group.mean, statistics=[group])]))
    folder = tmp_path / "store"
    folder.mkdir()
    store = ResponseStore.fill(state_files(tmp_path, rows), scenarios, folder, pooled=groups)
    found = compare_board(MainTable([False], standings, has_win_rates=True), store)
    # Weighted by the number of items, the difference is that over all three of them.
    assert (found.means.difference[0], found.means.n[0]) == (pytest.approx((1 + 0 + 0.5) / 3), 3)
