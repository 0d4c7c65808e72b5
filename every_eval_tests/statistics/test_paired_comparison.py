import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

from every_eval.statistics import board_draws, paired_comparison
from every_eval.statistics.binary_pairs import bonett_price_interval, mcnemar_p
from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.item_draws import draw_weights
from every_eval.statistics.paired_comparison import Comparison, all_pairs, compare
from every_eval.statistics.strata import Stratum

ONE = (np.array([0]), np.array([1]))


def stratum(values: object, column: int = 0, weights: object = None, first_item: int = 0) -> Stratum:
    """A stratum with items of consecutive numbers."""
    scores = np.array(values, np.float64)
    items = np.arange(first_item, first_item + scores.shape[1], dtype=np.int64)
    of_models = np.ones(len(scores)) if weights is None else np.array(weights, np.float64)
    return Stratum.of(column, items, scores, of_models)


def normal(n_models: int, n_items: int, seed: int = 1, missing: float = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.5, 0.1, (n_models, n_items))
    values[rng.random(values.shape) < missing] = np.nan
    return values


def same(one: Comparison, other: Comparison) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(one, other, strict=True))


def test_values_of_0_and_1_are_compared_exactly_on_the_common_items() -> None:
    a = [1] * 30 + [0] * 10 + [1] * 5 + [np.nan] * 3
    b = [1] * 20 + [0] * 10 + [0] * 8 + [1] * 2 + [np.nan] * 5 + [1] * 3
    found = compare([stratum([a, b])], *ONE)
    # Of the 40 common items, a alone gets items 20 to 29 right, and b alone items 38 and 39.
    only = np.array([10]), np.array([2])
    assert (found.n[0], found.n_only_a[0], found.n_only_b[0]) == (40, 10, 2)
    assert found.difference[0] == (10 - 2) / 40
    assert found.p_value == mcnemar_p(*only)
    assert (found.low, found.high) == bonett_price_interval(*only, np.array([40]))
    assert found.correlation[0] == pytest.approx(np.corrcoef(a[:40], b[:40])[0, 1])


def test_other_values_have_the_p_value_of_all_sign_flips_up_to_chance() -> None:
    values = normal(2, 10)
    values[0] += 0.05
    d = values[0] - values[1]
    flips = [abs(sum(s * x for s, x in zip(signs, d, strict=True))) for signs in itertools.product((1, -1), repeat=10)]
    exact = np.mean([flipped >= abs(d.sum()) - 1e-9 for flipped in flips])
    found = compare([stratum(values)], *ONE)
    assert 0.01 < exact < 0.9
    # Five standard errors of a share of 9,999 random flips.
    assert abs(found.p_value[0] - exact) < 5 * np.sqrt(exact * (1 - exact) / 9999)
    assert np.isnan(found.n_only_a[0])


def test_the_interval_is_of_replicates_of_the_common_items() -> None:
    values = normal(2, 60, missing=0.1)
    common = ~np.isnan(values).any(axis=0)
    assert 0 < common.sum() < 60
    weights = draw_weights(np.arange(60, dtype=np.int64)).astype(float)[common]
    d = (values[0] - values[1])[common]
    ordered = np.sort(d @ weights / weights.sum(axis=0))
    found = compare([stratum(values)], *ONE)
    # 2.5 % of 2,001 intervals between replicates, rounded down: the 50th and the 1,951st.
    assert (found.low[0], found.high[0]) == (pytest.approx(ordered[49]), pytest.approx(ordered[1950]))
    assert found.variance[0] == pytest.approx(np.var(d, ddof=1) / common.sum())
    assert found.detectable[0] == pytest.approx(2.8 * np.sqrt(found.variance[0]), rel=1e-3)


def test_columns_weigh_the_same_and_strata_by_their_weights() -> None:
    first, second, third = (normal(2, n, seed) for n, seed in ((10, 1), (30, 2), (20, 3)))
    board = [stratum(first, 0, [1, 1]), stratum(second, 0, [3, 3], 100), stratum(third, 1, [9, 9], 200)]
    d = [(x[0] - x[1]).mean() for x in (first, second, third)]
    found = compare(board, *ONE)
    assert found.difference[0] == pytest.approx(((d[0] + 3 * d[1]) / 4 + d[2]) / 2)
    assert found.n[0] == 60
    shares = (1 / 8, 3 / 8, 1 / 2)
    errors = [np.var(x[0] - x[1], ddof=1) / x.shape[1] for x in (first, second, third)]
    assert found.variance[0] == pytest.approx(sum(w**2 * e for w, e in zip(shares, errors, strict=True)))


def test_a_column_that_one_model_lacks_is_left_out_of_its_pairs_alone() -> None:
    first, second = normal(3, 20, 1), normal(3, 20, 2)
    second[0] = np.nan
    a, b = all_pairs(3)
    found = compare([stratum(first, 0), stratum(second, 1, first_item=100)], a, b)
    assert found.n.tolist() == [20, 20, 40]
    assert found.difference[0] == pytest.approx((first[0] - first[1]).mean())
    assert found.difference[2] == pytest.approx(((first[1] - first[2]).mean() + (second[1] - second[2]).mean()) / 2)


def test_without_common_items_nothing_is_said() -> None:
    values = normal(2, 10)
    values[0, :5], values[1, 5:] = np.nan, np.nan
    found = compare([stratum(values)], *ONE)
    assert found.n.tolist() == [0]
    numbers = found._replace(is_exact=np.full(1, np.nan))
    assert all(np.isnan(column[0]) for column in numbers[1:])
    assert np.isnan(compare([], *ONE).difference[0])


def test_one_common_item_has_no_interval() -> None:
    found = compare([stratum([[1.0, np.nan], [0.25, 0.5]])], *ONE)
    assert (found.n[0], found.difference[0], found.p_value[0]) == (1, 0.75, 1.0)
    assert np.isnan([found.low[0], found.high[0], found.variance[0]]).all()


def test_equal_answers_have_a_difference_of_exactly_0_and_p_1() -> None:
    values = normal(1, 30)
    found = compare([stratum(np.vstack([values, values])), stratum([[0, 1], [0, 1]], 1, first_item=90)], *ONE)
    assert (found.difference[0], found.low[0], found.high[0], found.p_value[0]) == (0, 0, 0, 1)


def test_an_item_in_two_columns_has_one_sign() -> None:
    values = normal(2, 8, seed=5)
    values[0] += 0.04
    once, twice = compare([stratum(values)], *ONE), compare([stratum(values, 0), stratum(values, 1)], *ONE)
    # The mean of two equal columns is the column itself, in every flip and in every replicate.
    assert once.p_value == twice.p_value
    assert [once.low[0], once.high[0]] == pytest.approx([twice.low[0], twice.high[0]])


def test_an_item_in_two_columns_has_no_small_p_by_the_bound_for_independent_signs() -> None:
    values = normal(2, 40)
    values[0] += 0.3
    assert compare([stratum(values)], *ONE).p_value[0] < 1e-4
    assert compare([stratum(values, 0), stratum(values, 1)], *ONE).p_value[0] == 1e-4


@pytest.mark.parametrize("missing", [0, 0.2])
def test_blocks_change_nothing(missing: float, monkeypatch: pytest.MonkeyPatch) -> None:
    board = [stratum(normal(7, 50, 1, missing)), stratum(normal(7, 30, 2, missing), 1, first_item=100)]
    whole = compare(board, *all_pairs(7))
    monkeypatch.setattr(paired_comparison, "BLOCK_PAIRS", 4)
    monkeypatch.setattr(board_draws, "BLOCK_DRAWS", 120)
    monkeypatch.setattr(board_draws, "RANGE_DRAWS", 360)
    monkeypatch.setattr(board_draws, "BLOCK_ITEMS", 16)
    assert same(compare(board, *all_pairs(7)), whole)


PROGRAM = """
import hashlib
from every_eval.statistics.paired_comparison import all_pairs, compare
from every_eval_tests.statistics.test_paired_comparison import normal, stratum
board = [stratum(normal(40, 400, 1, 0.05)), stratum(normal(40, 300, 2), 1, first_item=1000)]
print(hashlib.sha256(b"".join(column.tobytes() for column in compare(board, *all_pairs(40)))).hexdigest())
"""


@pytest.mark.slow
def test_the_number_of_threads_changes_no_bit() -> None:
    digests = set()
    for n_threads in ("1", "3"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": n_threads}
        run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True)
        digests.add(run.stdout)
    assert len(digests) == 1


def test_each_unordered_pair_is_there_once() -> None:
    a, b = all_pairs(4)
    pairs: list[tuple[int, int]] = list(zip(a.tolist(), b.tolist(), strict=True))
    assert pairs == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_swapping_the_models_of_a_pair_turns_the_difference_around() -> None:
    board = [stratum(normal(2, 50, missing=0.1))]
    forth, back = compare(board, *ONE), compare(board, *(swapped(ONE)))
    assert (forth.difference, forth.p_value, forth.n) == (-back.difference, back.p_value, back.n)


def swapped(pair: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    return pair[1], pair[0]
