import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from every_eval.statistics.fixed_point import round_to_step, step_of
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.item_draws import draw_sign_bits, unpack_signs
from every_eval.statistics.sign_flips import BOUND_FROM, N_FLIPS, count_extreme, sign_flip_p


def test_p(differences: FloatArray, signs: FloatArray) -> float:
    """p of one pair, by flips with the given signs, of shape (items, flips)."""
    exact = round_to_step(differences)[:, np.newaxis]
    total = exact.sum(axis=0)
    n_extreme = count_extreme(signs.T @ exact, total, 2 * len(differences) * step_of(differences))
    return float(sign_flip_p(n_extreme, signs.shape[1], total, (exact**2).sum(axis=0))[0])


test_p.__test__ = False  # type: ignore[attr-defined]


def signs_of(n_items: int, n_flips: int = N_FLIPS) -> FloatArray:
    return unpack_signs(draw_sign_bits(np.arange(n_items), n_flips), 0, n_flips)


def test_signs_are_fair() -> None:
    signs = signs_of(200)
    assert signs.shape == (200, N_FLIPS)
    assert abs(signs.mean()) < 4 / math.sqrt(signs.size)
    assert signs_of(0, 10).shape == (0, 10)


def test_p_over_many_flips_approaches_that_of_all_flips() -> None:
    differences = np.array([0.3, 0.1, -0.2, 0.4, 0.25, 0.05, -0.1, 0.3])
    sums = np.array([np.dot(signs, differences) for signs in product((-1, 1), repeat=8)])
    exact = np.mean(np.abs(sums) >= abs(differences.sum()) - 1e-12)
    found = test_p(differences, signs_of(8))
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / N_FLIPS))


def test_a_flip_that_equals_the_observed_sum_counts() -> None:
    # Of the flips of one item both have the same absolute sum: p is 1.
    assert test_p(np.array([0.1]), np.array([[1.0, -1.0, 1.0]])) == 1.0


def test_equal_scores_have_a_p_of_one() -> None:
    assert test_p(np.zeros(5), np.ones((5, 9))) == 1.0


def test_large_sums_have_the_bound_and_so_small_p() -> None:
    # 100 equal differences: z = 100 / √100 = 10.
    p = test_p(np.full(100, 0.25), signs_of(100, 99))
    assert p == pytest.approx(6.36 * norm.sf(10), rel=1e-8)
    assert p >= 2 * 0.5**100


def test_the_bound_is_above_the_exact_p() -> None:
    # n equal differences, of which k are negative: exact p is that of a binomial of n draws at one half.
    for n, k in ((16, 0), (30, 4), (100, 30)):
        total, squares = float(n - 2 * k), float(n)
        assert total / math.sqrt(squares) > BOUND_FROM
        exact = 2 * sum(math.comb(n, j) for j in range(k + 1)) / 2**n
        (bound,) = sign_flip_p(np.array([0]), 99, np.array([total]), np.array([squares]))
        assert exact <= bound <= 10 * exact
