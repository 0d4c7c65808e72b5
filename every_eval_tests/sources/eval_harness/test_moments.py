"""Moments and their merging."""

import math

import numpy as np
import pytest

from every_eval.sources.eval_harness.moments import Moments, merge_in_order


def test_moments_of_a_few_values() -> None:
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared deviations 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32
    moments = Moments.of(np.array([2.0, 4, 4, 4, 5, 5, 7, 9]))
    assert moments == Moments(n=8, mean=5.0, m2=32.0, min=2.0, max=9.0)
    assert moments.variance == 32 / 7
    assert moments.std == math.sqrt(32 / 7)
    assert moments.standard_error == pytest.approx(math.sqrt(32 / 7 / 8), rel=1e-15)


def test_spread_is_undefined_for_fewer_than_two_values() -> None:
    for moments in (Moments(), Moments.of(np.array([3.0]))):
        assert (moments.variance, moments.std, moments.standard_error) == (None, None, None)


def test_merging_with_nothing_changes_nothing() -> None:
    some = Moments.of(np.array([1.0, 2.0]))
    assert some.merge(Moments()) == Moments().merge(some) == some
    assert Moments.of(np.array([])).merge(Moments()).n == 0


@pytest.mark.parametrize("seed", range(20))
def test_any_split_gives_the_same_moments(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random(1000)
    cuts = np.sort(rng.integers(0, len(values) + 1, rng.integers(0, 12)))
    merged = merge_in_order(dict(enumerate(Moments.of(part) for part in np.split(values, cuts))))
    whole = Moments.of(values)
    assert (merged.n, merged.min, merged.max) == (whole.n, whole.min, whole.max)
    assert (merged.mean, merged.variance) == pytest.approx((whole.mean, whole.variance), rel=1e-12)


@pytest.mark.parametrize("size", [1, 2, 7, 100, 5000])
def test_large_values_of_small_variance_keep_it(size: int) -> None:
    # two values in equal numbers, 1e9 ± 1e-3: the variance is 1e-6 n / (n - 1)
    values = 1e9 + np.tile([-1e-3, 1e-3], 2500)
    parts = np.array_split(values, len(values) // size)
    variance = merge_in_order(dict(enumerate(map(Moments.of, parts)))).variance
    assert variance == pytest.approx(1e-6 * 5000 / 4999, rel=1e-3)


def test_parts_are_merged_in_the_order_of_their_keys() -> None:
    rng = np.random.default_rng(1)
    parts = {f"part_{i:02}": Moments.of(rng.random(17)) for i in range(30)}
    backwards = dict(reversed(parts.items()))
    assert merge_in_order(backwards) == merge_in_order(parts)
