import numpy as np
import pytest

from every_eval.statistics.item_analysis import analyse_items


def test_a_hand_computed_table_of_four_models_and_three_items() -> None:
    # rows are models; the means over items are 1, 2/3, 1/3, 0
    found = analyse_items(np.array([[1.0, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]))

    assert found.n_models.tolist() == [4, 4, 4]
    assert found.mean.tolist() == [0.75, 0.5, 0.25]
    # the models' mean is .5, of all answers; of the last item it is .25, so that the item lowers scores by .25
    assert found.deficit == pytest.approx([-0.25, 0, 0.25], abs=1e-15)
    # First item: 1 1 1 0 with the means of the others 1 .5 0 0. The deviations are .25 .25 .25 -.75 and .625 .125
    # -.375 -.375: Σxy = .375, Σx² = .75, Σy² = .6875. The last item mirrors it.
    first = 0.375 / np.sqrt(0.75 * 0.6875)
    # second: 1 1 0 0 with 1 .5 .5 0: Σxy = .5 · (.5 + 0 - 0 + .5) = .5, Σx² = 1, Σy² = .5
    second = 0.5 / np.sqrt(0.5)
    assert found.discrimination == pytest.approx([first, second, first], rel=1e-14)
    assert found.error == pytest.approx(np.sqrt((1 - np.array([first, second, first]) ** 2) / 2), rel=1e-12)
    assert not found.is_suspicious.any()


def test_the_correlation_is_that_of_numpy_with_the_mean_of_the_other_items() -> None:
    values = np.random.default_rng(3).random((12, 7))
    found = analyse_items(values)
    for item in range(7):
        rest = np.delete(values, item, axis=1).mean(axis=1)
        assert found.discrimination[item] == pytest.approx(np.corrcoef(values[:, item], rest)[0, 1], rel=1e-12)


def test_an_item_whose_key_is_wrong_is_suspicious() -> None:
    # ten models of rising ability; the strong ones get the last item wrong and the weak ones right
    ability = np.arange(10)
    right = (ability[:, None] > np.arange(9)).astype(float)
    found = analyse_items(np.column_stack([right, ability < 5]))

    assert found.is_suspicious.tolist() == [False] * 9 + [True]
    assert found.discrimination[9] < -0.8


def test_one_unrelated_item_in_forty_is_suspicious() -> None:
    rng = np.random.default_rng(11)
    for n_models in (10, 60):
        ability = rng.random((n_models, 1))
        related = (rng.random((n_models, 200)) < ability).astype(float)
        unrelated = (rng.random((n_models, 4000)) < 0.5).astype(float)
        share = np.mean([analyse_items(np.column_stack([related, one])).is_suspicious[-1] for one in unrelated.T])
        # Normal tails are too wide for few models; the standard error of the share of 4,000 is .0025.
        assert 0.005 < share < 0.033


def test_few_models_and_constant_items_have_no_discrimination() -> None:
    found = analyse_items(np.array([[1.0, 0.1, 1], [1, 0.1, 0], [1, 0.1, 0]]))
    assert np.isnan(found.discrimination).all()  # the others of the last item are constant too
    assert np.isnan(analyse_items(np.array([[1.0, 0], [0, 1]])).discrimination).all()
    assert np.isnan(analyse_items(np.array([[1.0], [0], [1]])).discrimination).all()


def test_models_that_answered_other_items_are_compared_by_their_deviations() -> None:
    full = np.random.default_rng(5).random((8, 6))
    some = full.copy()
    some[0, 1:3] = np.nan
    easier = some.copy()
    easier[:, 1] += 5  # an item that everybody finds easier, which the first model was not asked
    found = analyse_items(some)

    assert found.n_models.tolist() == [8, 7, 7, 8, 8, 8]
    assert found.discrimination == pytest.approx(analyse_items(easier).discrimination, rel=1e-9)
    nobody = analyse_items(np.column_stack([full, np.full(8, np.nan)]))
    assert nobody.n_models[-1] == 0
    assert np.isnan([nobody.mean[-1], nobody.deficit[-1], nobody.discrimination[-1]]).all()
    assert nobody.discrimination[:-1] == pytest.approx(analyse_items(full).discrimination)


def test_there_may_be_no_item_and_no_model() -> None:
    assert analyse_items(np.empty((3, 0))).mean.size == 0
    assert np.isnan(analyse_items(np.empty((0, 2))).mean).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    values = np.where(rng.random((9, 25)) < 0.9, rng.random((9, 25)), np.nan)
    whole = analyse_items(values)
    monkeypatch.setattr("every_eval.statistics.item_analysis.BLOCK", 9 * 4)
    parts = analyse_items(values)

    for field in ("n_models", "mean", "deficit", "discrimination", "error", "is_suspicious"):
        assert getattr(parts, field) == pytest.approx(getattr(whole, field), rel=1e-12)
