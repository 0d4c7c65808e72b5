from every_eval.scoring.comparisons.ranked_rows import NO_SCORE, other_deployments, unranked_reasons, without_scores
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval_tests.scoring.comparisons.boards import standing


def table(*rows: Standing) -> MainTable:
    return MainTable([False] * len(rows[0].scores), rows, has_win_rates=True)


def of_suite(suite: str, value: float = 0.5) -> Score:
    """A score whose run is in a suite."""
    return Score(value, statistics=[PooledStatistic(StatisticKey(suite, "run", "em", None, None), 1.0, value)])


def test_a_model_needs_four_of_five_columns() -> None:
    full, four, three = ([Score(0.5)] * n + [Score(None)] * (5 - n) for n in (5, 4, 3))
    reasons = unranked_reasons(table(standing("a", *full), standing("b", *four), standing("c", *three)), ())
    assert reasons[:2] == [None, None]
    assert reasons[2] == "The model has a score in 3 of 5 scenarios, which is less than 80%."


def test_columns_that_no_model_has_do_not_count() -> None:
    rows = [standing(name, Score(0.5), Score(None), Score(None)) for name in "ab"]
    assert unranked_reasons(table(*rows), ()) == [None, None]


def test_a_lost_score_and_no_score_are_reasons_before_others() -> None:
    lost = standing("a", Score(0.5), Score(None, lost_because="Rows are missing."))
    reasons = unranked_reasons(table(lost, standing("b", Score(None), Score(None))), ())
    assert reasons == ["Rows are missing.", NO_SCORE]


def test_of_deployments_the_most_complete_one_is_ranked_then_the_newest_then_the_first_by_name() -> None:
    suites = ["v1.0.0", "v1.1.0"]
    old, new = of_suite("v1.0.0"), of_suite("v1.1.0")
    rows = [
        standing("more", *[old] * 5, deployment="b"),
        standing("more", *[new] * 4, Score(None), deployment="a"),
        standing("newer", *[old] * 5, deployment="a"),
        standing("newer", *[new] * 5, deployment="b"),
        standing("equal", *[new] * 5, deployment="b"),
        standing("equal", *[new] * 5, deployment="a"),
    ]
    reasons = unranked_reasons(table(*rows), suites)
    assert [reason is None for reason in reasons] == [True, False, False, True, False, True]
    assert reasons[1] == "Another deployment of the model is ranked: b."
    assert other_deployments(table(*rows), reasons) == [False, True, True, False, True, False]


def test_a_deployment_with_a_lost_score_gives_way_to_one_without() -> None:
    lost = standing("a", Score(None, lost_because="Rows are missing."), *[Score(0.5)] * 4, deployment="new")
    rows = table(lost, standing("a", *[Score(0.4)] * 5, deployment="old"))
    reasons = unranked_reasons(rows, ())
    assert reasons == ["Rows are missing.", None]
    assert other_deployments(rows, reasons) == [True, False]


def test_the_choice_of_a_deployment_does_not_depend_on_scores() -> None:
    for first, second in ((0.1, 0.9), (0.9, 0.1)):
        rows = table(standing("a", Score(first), deployment="x"), standing("a", Score(second), deployment="y"))
        assert [reason is None for reason in unranked_reasons(rows, ())] == [True, False]


def test_models_without_a_name_are_not_the_same_model() -> None:
    nameless = Standing({"model_name": None, "model_deployment": None}, [Score(0.5)])
    rows = table(nameless, nameless)
    assert unranked_reasons(rows, ()) == [None, None]
    assert other_deployments(rows, [None, NO_SCORE]) == [False, False]


def test_rows_that_are_left_out_have_no_scores() -> None:
    left = without_scores(table(standing("a", Score(0.5)), standing("b", Score(0.4))), [False, True])
    assert [[score.value for score in row.scores] for row in left.standings] == [[0.5], [None]]
    assert left.standings[1].facts["model_name"] == "b"
