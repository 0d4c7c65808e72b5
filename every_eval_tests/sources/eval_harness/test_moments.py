import math

import numpy as np
import pytest

from every_eval.sources.eval_harness.moments import Moments, merge_in_order


def of(values: np.ndarray) -> Moments:
    """Moments in two passes."""
    if not len(values):
        return Moments()
    mean = float(np.mean(values))
    m2 = float(np.sum((values - mean) ** 2))
    return Moments(len(values), mean, m2, float(np.min(values)), float(np.max(values)))


def test_the_standard_error_is_that_of_the_mean() -> None:
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared deviations 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32
    assert Moments(8, 5.0, 32.0, 2.0, 9.0).standard_error == pytest.approx(math.sqrt(32 / 7 / 8), rel=1e-15)


@pytest.mark.parametrize("moments", [Moments(), Moments(1, 3.0, 0.0, 3.0, 3.0)])
def test_fewer_than_two_values_have_no_standard_error(moments: Moments) -> None:
    assert moments.standard_error is None


def test_merging_with_no_values_changes_nothing() -> None:
    some = of(np.array([1.0, 2.0]))
    assert some.merge(Moments()) == Moments().merge(some) == some
    assert Moments().merge(Moments()).n == 0


@pytest.mark.parametrize("seed", range(20))
def test_any_split_gives_the_same_moments(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random(1000)
    cuts = np.sort(rng.integers(0, len(values) + 1, rng.integers(0, 12)))
    merged = merge_in_order(dict(enumerate(of(part) for part in np.split(values, cuts))))
    whole = of(values)
    assert (merged.n, merged.min, merged.max) == (whole.n, whole.min, whole.max)
    assert (merged.mean, merged.m2) == pytest.approx((whole.mean, whole.m2), rel=1e-12)


@pytest.mark.parametrize("size", [1, 2, 7, 100, 5000])
def test_large_values_of_small_variance_keep_it(size: int) -> None:
    # two values in equal numbers, 1e9 ± 1e-3: every squared deviation is 1e-6
    values = 1e9 + np.tile([-1e-3, 1e-3], 2500)
    parts = np.array_split(values, len(values) // size)
    assert merge_in_order(dict(enumerate(map(of, parts)))).m2 == pytest.approx(1e-6 * 5000, rel=1e-3)


def test_parts_are_merged_in_the_order_of_their_keys() -> None:
    rng = np.random.default_rng(1)
    parts = {f"part_{i:02}": of(rng.random(17)) for i in range(30)}
    backwards = dict(reversed(parts.items()))
    assert merge_in_order(backwards) == merge_in_order(parts)
