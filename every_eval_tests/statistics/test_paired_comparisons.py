from itertools import product

import numpy as np
import pytest

from every_eval.statistics.binary_pairs import bonett_price_interval, mcnemar_p
from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.paired_comparisons import Draws, PairedComparisons, compare

SEED = 20


def draw_weights(rows: IntArray) -> Draws:
    """Weights that depend on the item alone."""
    return np.array([np.random.default_rng([SEED, row]).poisson(1, 1000) for row in rows])


def draw_signs(rows: IntArray) -> Draws:
    """Signs that depend on the item alone."""
    return np.array([2 * np.random.default_rng([SEED, 1, row]).integers(0, 2, 9999) - 1 for row in rows])


def all_signs(n: int) -> Draws:
    """Every choice of signs, one column for each."""
    return np.array(list(product((1, -1), repeat=n))).T


def compared(before: FloatArray, after: FloatArray) -> PairedComparisons:
    return compare(before, after, draw_weights, draw_signs)


def test_values_of_zero_and_one_are_compared_by_their_discordant_items() -> None:
    # six items: both right, both wrong, three that only the first gets right, one that only the second gets right
    before, after = np.array([1.0, 0, 1, 1, 1, 0]), np.array([1.0, 0, 0, 0, 0, 1])
    found = compared(before[:, None], after[:, None])

    assert (found.n[0], found.mean_before[0], found.mean_after[0]) == (6, 4 / 6, 2 / 6)
    assert found.difference[0] == pytest.approx(-1 / 3)
    three, one, six = np.array([3]), np.array([1]), np.array([6])
    assert found.p == mcnemar_p(three, one) == 2 * (1 + 4) / 16  # 2 P(X <= 1) of four draws at one half
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
        # 95 % of replicates are within 1.96 errors; the ends of 1,000 replicates vary by some hundredths of an error.
        half = 1.96 * difference.std() / np.sqrt(40)
        assert found.low[column] == pytest.approx(difference.mean() - half, abs=0.2 * half)
        assert found.high[column] == pytest.approx(difference.mean() + half, abs=0.2 * half)
    # All forty differences of the second column are positive, which happens by chance with probability 2 ** -39.
    assert found.p[0] > 0.01 and found.p[1] < 1e-6


def test_the_share_of_flips_is_that_of_all_choices_of_signs() -> None:
    before, after = np.zeros(8), np.array([0.1, 0.2, 0.3, -0.1, 0.4, 0.5, -0.2, 0.3])
    # Of tenths, 15 in all: count the choices of signs whose sum is at least as far from 0.
    sums = np.abs(np.rint(10 * after) @ all_signs(8))
    found = compared(before[:, None], after[:, None])
    assert found.p[0] == pytest.approx(np.mean(sums >= 15), abs=3 * 0.0022)
    every = compare(before[:, None], after[:, None], draw_weights, lambda rows: all_signs(8)[rows])
    assert every.p[0] == pytest.approx((np.count_nonzero(sums >= 15) + 1) / 257, rel=1e-8)


def test_only_items_with_both_values_count() -> None:
    before = np.array([[0.5, np.nan], [0.25, 1.0], [np.nan, 1.0], [0.125, np.nan]])
    after = np.array([[0.75, 1.0], [0.25, np.nan], [0.5, np.nan], [0.5, 0.0]])
    found = compared(before, after)

    assert found.n.tolist() == [3, 0]
    assert found.mean_before[0] == pytest.approx((0.5 + 0.25 + 0.125) / 3)
    assert found.mean_after[0] == pytest.approx((0.75 + 0.25 + 0.5) / 3)
    assert np.isnan([found.mean_before[1], found.difference[1], found.low[1], found.high[1], found.p[1]]).all()


def test_a_single_graded_item_has_no_interval_and_equal_values_have_p_one() -> None:
    found = compared(np.array([[0.5, 0.5], [np.nan, 0.25]]), np.array([[0.75, 0.5], [0.5, 0.25]]))
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert found.p[0] == 1.0  # both signs are equally far from 0
    assert (found.low[1], found.high[1], found.p[1]) == (0.0, 0.0, 1.0)


def test_blocks_and_other_comparisons_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    before, after = rng.integers(0, 8, (30, 3)) / 8, rng.integers(0, 8, (30, 3)) / 8
    whole = compared(before, after)
    alone = compared(before[:, 1:2], after[:, 1:2])
    monkeypatch.setattr("every_eval.statistics.paired_comparisons.BLOCK", 70_000)
    blocks = compared(before, after)
    for name in ("low", "high", "p"):
        assert getattr(blocks, name).tolist() == getattr(whole, name).tolist()
        assert getattr(alone, name)[0] == getattr(whole, name)[1]
