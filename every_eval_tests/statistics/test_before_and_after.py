import numpy as np
import pytest

from every_eval.statistics.before_and_after import Changes, compare_changes
from every_eval.statistics.binary_pairs import bonett_price_interval, mcnemar_p
from every_eval.statistics.groups import FloatArray

SEED = 20


def compared(before: FloatArray, after: FloatArray) -> Changes:
    return compare_changes(1 + 7 * np.arange(len(before)), before, after)


def test_values_of_zero_and_one_are_compared_by_their_discordant_items() -> None:
    # six items: both right, both wrong, three that only the first gets right, one that only the second gets right
    before, after = np.array([1.0, 0, 1, 1, 1, 0]), np.array([1.0, 0, 0, 0, 0, 1])
    found = compared(before[:, None], after[:, None])

    assert (found.n[0], found.mean_before[0], found.mean_after[0]) == (6, 4 / 6, 2 / 6)
    assert found.difference[0] == pytest.approx(-1 / 3)
    three, one, six = np.array([3]), np.array([1]), np.array([6])
    # 2 P(X <= 1) of four draws at one half
    assert found.p_value[0] == mcnemar_p(three, one)[0] == 2 * (1 + 4) / 16
    assert (found.low, found.high) == bonett_price_interval(one, three, six)
    assert found.is_binary.tolist() == [True]


def test_other_values_are_compared_by_signs_and_replicates() -> None:
    rng = np.random.default_rng(SEED)
    before, after = rng.random((40, 2)), rng.random((40, 2))
    after[:, 1] = before[:, 1] + 0.1 * rng.random(40)
    found = compared(before, after)

    assert found.is_binary.tolist() == [False, False]
    for column in (0, 1):
        difference = after[:, column] - before[:, column]
        assert found.difference[column] == pytest.approx(difference.mean())
        # 95 % of replicates are within 1.96 errors; the ends of 2,000 replicates vary by some hundredths of an error.
        half = 1.96 * difference.std() / np.sqrt(40)
        assert found.low[column] == pytest.approx(difference.mean() - half, abs=0.2 * half)
        assert found.high[column] == pytest.approx(difference.mean() + half, abs=0.2 * half)
    # All forty differences of the second column are positive, which happens by chance with probability 2 ** -39.
    assert found.p_value[0] > 0.01 and found.p_value[1] < 1e-6


def test_only_items_with_both_values_count() -> None:
    before = np.array([[0.5, np.nan], [0.25, 1.0], [np.nan, 1.0], [0.125, np.nan]])
    after = np.array([[0.75, 1.0], [0.25, np.nan], [0.5, np.nan], [0.5, 0.0]])
    found = compared(before, after)

    assert found.n.tolist() == [3, 0]
    assert found.mean_before[0] == pytest.approx((0.5 + 0.25 + 0.125) / 3)
    assert found.mean_after[0] == pytest.approx((0.75 + 0.25 + 0.5) / 3)
    assert np.isnan([found.mean_before[1], found.difference[1], found.low[1], found.high[1], found.p_value[1]]).all()


def test_a_single_graded_item_has_no_interval_and_equal_values_have_p_one() -> None:
    found = compared(np.array([[0.5, 0.5], [np.nan, 0.25]]), np.array([[0.75, 0.5], [0.5, 0.25]]))
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert found.p_value[0] == 1.0  # both signs are equally far from 0
    assert (found.low[1], found.high[1], found.p_value[1]) == (0.0, 0.0, 1.0)


def test_other_comparisons_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    before, after = rng.integers(0, 8, (30, 5)) / 8, rng.integers(0, 8, (30, 5)) / 8
    after[3:5, 1] = np.nan
    whole = compared(before, after)
    alone = compared(before[:, 1:2], after[:, 1:2])
    monkeypatch.setattr("every_eval.statistics.before_and_after.BLOCK", 2)
    blocks = compared(before, after)
    for name in ("low", "high", "p_value", "difference"):
        assert getattr(blocks, name).tolist() == getattr(whole, name).tolist()
        assert getattr(alone, name)[0] == getattr(whole, name)[1]


def test_nothing_to_compare() -> None:
    found = compared(np.full((2, 1), np.nan), np.full((2, 1), np.nan))
    assert (found.n[0], np.isnan(found.p_value[0])) == (0, True)
    assert compared(np.empty((0, 3)), np.empty((0, 3))).n.tolist() == [0, 0, 0]
    assert compared(np.empty((2, 0)), np.empty((2, 0))).n.tolist() == []
