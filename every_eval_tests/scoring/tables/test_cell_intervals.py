import math

import numpy as np
import pytest

from every_eval.scoring.tables.cell_intervals import cell_intervals, mean_ends
from every_eval.sources.main_table import MainTable, Score
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.statistics.intervals import wilson
from every_eval_tests.scoring.comparisons.boards import standing
from every_eval_tests.scoring.run_stats import statistic, stored, table

RIGHT = {"a": (8, 10), "b": (3, 20), "c": (5, 5)}
"""Right answers and all answers of each run of model m."""


def pooled(run: str, weight: float = 1.0) -> PooledStatistic:
    n_right, n = RIGHT[run]
    return PooledStatistic(StatisticKey("v1", run, "exact_match", "test", None), weight, n_right / n)


def ends_of(*scores: Score) -> tuple[list[float], list[float], list[float]]:
    rows = [
        statistic("m", [1] * n_right + [0] * (n - n_right), run=run, metric_name="exact_match")
        for run, (n_right, n) in RIGHT.items()
    ]
    with stored(table(*rows)) as stats:
        found = cell_intervals(MainTable([False] * len(scores), [standing("m", *scores)], True), stats)
    error, low, high = (part[:, 0].tolist() for part in found)
    return error, low, high


def test_a_score_of_one_statistic_has_the_statistics_interval() -> None:
    error, low, high = ends_of(Score(0.8, statistics=[pooled("a")]))
    expected = wilson(np.array([0.8]), np.array([10.0]))
    assert [low[0], high[0]] == pytest.approx([end[0] for end in expected])
    # Eight of ten: m2 = 10 · 0.16, error √(1.6 / 9 / 10)
    assert error == pytest.approx([math.sqrt(1.6 / 90)])


def test_a_score_of_several_statistics_combines_them_by_their_weights() -> None:
    error, low, high = ends_of(Score(0.6375, statistics=[pooled("a", 3.0), pooled("b", 1.0)]))
    parts = [wilson(np.array([p]), np.array([float(n)])) for p, n in ((0.8, 10), (0.15, 20))]
    down = [p - part[0][0] for p, part in zip((0.8, 0.15), parts, strict=True)]
    assert low == pytest.approx([0.6375 - math.hypot(0.75 * down[0], 0.25 * down[1])])
    assert high[0] > 0.6375
    # 3 of 20: m2 = 20 · 0.15 · 0.85 = 2.55
    assert error == pytest.approx([math.hypot(0.75 * math.sqrt(1.6 / 90), 0.25 * math.sqrt(2.55 / 19 / 20))])


def test_scores_without_known_statistics_have_no_interval() -> None:
    unknown = PooledStatistic(StatisticKey("v1", "other", "exact_match", "test", None), 1.0, 0.5)
    scores = (Score(None), Score(0.5, is_reported=True), Score(0.5, statistics=[unknown]))
    for part in ends_of(*scores):
        assert np.isnan(part).all()


def test_a_mean_of_one_score_has_the_scores_interval() -> None:
    with stored(table(statistic("m", [1.0] * 5, run="c", metric_name="exact_match"))) as stats:
        found = cell_intervals(MainTable([False], [standing("m", Score(1.0, statistics=[pooled("c")]))], True), stats)
    low, high = mean_ends(np.array([[1.0]]), found)
    assert (low[0], high[0]) == (pytest.approx(found.low[0, 0]), 1.0)
