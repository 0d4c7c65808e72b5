"""The bootstrap: its weights, that they are paired, and how often its intervals cover the truth."""

import hashlib
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from every_eval.statistics.bootstrap import (
    BLOCK,
    draw_and_replicate,
    draw_weights,
    estimates,
    excludes_zero,
    percentile_interval,
    replicate,
)

Array = npt.NDArray[np.float64]
N_REPLICATES = 200
SCENARIO = '["lite","gsm",null]'
EXPECTED = [1, 1, 1, 1, 2, 2, 0, 1, 1, 0, 0, 0, 3, 0, 1, 2, 2, 0, 1, 1]
"""First weights of instance id7. If they changed, new replicates could not be compared with published ones."""
N_SAMPLES, N_INSTANCES = 1500, 100


def invert(uniform: float) -> int:
    """The smallest weight whose distribution function exceeds a uniform number."""
    weight, reached = 0, math.exp(-1)
    while uniform >= reached:
        weight += 1
        reached += math.exp(-1) / math.factorial(weight)
    return weight


def test_weights_follow_from_the_hash_by_inversion() -> None:
    ids = [f"id{i}" for i in range(30)]
    digests = [hashlib.shake_128(f'["lite","gsm",null]{each}'.encode()).digest(4 * N_REPLICATES) for each in ids]
    numbers = [[int.from_bytes(digest[4 * r : 4 * r + 4], "little") for r in range(N_REPLICATES)] for digest in digests]
    expected = [[invert(number / 2**32) for number in row] for row in numbers]
    assert draw_weights(ids, SCENARIO, N_REPLICATES).tolist() == expected


def test_weights_are_the_same_on_every_platform() -> None:
    assert draw_weights(["id7"], SCENARIO, N_REPLICATES)[0, :20].tolist() == EXPECTED


def test_weights_are_poisson_distributed_with_mean_1() -> None:
    weights = draw_weights([f"id{i}" for i in range(2000)], SCENARIO, N_REPLICATES)
    n = weights.size
    for k in range(5):
        share = math.exp(-1) / math.factorial(k)
        assert np.mean(weights == k) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n))
    # Variances of the mean and of the variance of n draws: 1 / n and (3 + 1 - 1) / n
    assert weights.mean() == pytest.approx(1, abs=4 / math.sqrt(n))
    assert weights.var() == pytest.approx(1, abs=4 * math.sqrt(3 / n))


def test_weights_depend_on_the_instance_and_the_scenario_alone() -> None:
    pair = draw_weights(["id1", "id2"], SCENARIO, N_REPLICATES)
    assert (draw_weights(["id2", "id1"], SCENARIO, N_REPLICATES) == pair[::-1]).all()
    assert (pair[0] != pair[1]).any()
    for other in ('["lite","gsm",""]', '["lite","math",null]', '["mmlu","gsm",null]'):
        assert (draw_weights(["id1"], other, N_REPLICATES)[0] != pair[0]).any()


def test_no_instances_have_no_weights() -> None:
    assert draw_weights([], SCENARIO, N_REPLICATES).shape == (0, N_REPLICATES)


def test_sums_merge_by_addition() -> None:
    rng = np.random.default_rng(3)
    values = rng.random(50)
    weights = draw_weights([f"id{i}" for i in range(50)], SCENARIO, N_REPLICATES)
    whole = replicate(values, weights)
    parts = [replicate(values[part], weights[part]) for part in (slice(0, 20), slice(20, 50))]
    assert (whole[0] == parts[0][0] + parts[1][0]).all()
    assert whole[1] == pytest.approx(parts[0][1] + parts[1][1], rel=1e-13)


@pytest.mark.parametrize("n_instances", [0, 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7])
def test_replicates_are_the_same_to_the_last_bit_however_many_weights_are_held(n_instances: int) -> None:
    ids = [f"id{i}" for i in range(n_instances)]
    values = np.random.default_rng(3).normal(0, 1e3, n_instances)

    in_blocks = draw_and_replicate(ids, values, SCENARIO, N_REPLICATES)
    at_once = replicate(values, draw_weights(ids, SCENARIO, N_REPLICATES))
    assert [part.tobytes() for part in in_blocks] == [part.tobytes() for part in at_once]


def test_a_replicate_without_any_instance_has_no_estimate() -> None:
    assert np.isnan(estimates(np.array([0.0]), np.array([0.0])))[0]
    assert estimates(np.array([2.0]), np.array([3.0]))[0] == 1.5


def test_the_interval_leaves_out_the_outermost_replicates() -> None:
    # Of 200: the 5th smallest and the 5th largest; of 100: k = 101 * 2.5 % = 2.5, so the 2nd
    shuffled = np.random.default_rng(0).permutation(np.arange(1.0, 201.0))
    low, high = percentile_interval(np.array([shuffled, np.where(shuffled > 100, np.nan, shuffled)]))
    assert (low.tolist(), high.tolist()) == ([5.0, 2.0], [196.0, 99.0])
    low, high = percentile_interval(np.array([[math.nan] * 3, [1.0, math.nan, 3.0]]))
    assert np.isnan(low[0]) and np.isnan(high[0])
    assert (low[1], high[1]) == (1.0, 3.0)


def test_equal_answers_differ_by_exactly_nothing() -> None:
    rng = np.random.default_rng(5)
    values, ids = rng.random(80), [f"id{i}" for i in range(80)]
    first, second = (estimates(*replicate(values, draw_weights(ids, SCENARIO, N_REPLICATES))) for _ in range(2))
    low, high = percentile_interval(first - second)
    assert low == high == 0.0
    assert not excludes_zero(low, high)


def test_a_difference_of_paired_models_is_narrower_than_their_own_intervals() -> None:
    rng = np.random.default_rng(6)
    difficulty = rng.normal(0, 1, 200)
    weights = draw_weights([f"id{i}" for i in range(200)], SCENARIO, N_REPLICATES)
    worse = estimates(*replicate(difficulty, weights))
    better = estimates(*replicate(difficulty + 0.1 + rng.normal(0, 0.1, 200), weights))
    low, high = percentile_interval(better - worse)
    alone = percentile_interval(worse)
    assert excludes_zero(low, high)
    assert high - low < (alone[1] - alone[0]) / 3


@pytest.fixture(scope="module")
def weights() -> npt.NDArray[np.uint8]:
    """Weights of many samples, each of its own instances: (samples, instances, replicates)."""
    ids = [f"id{i}" for i in range(N_SAMPLES * N_INSTANCES)]
    return draw_weights(ids, SCENARIO, N_REPLICATES).reshape(N_SAMPLES, N_INSTANCES, N_REPLICATES)


@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda rng, shape: (rng.random(shape) < 0.4).astype(np.float64), 0.4),
        (lambda rng, shape: rng.binomial(3, rng.beta(2.0, 1.0, shape)) / 3, 2 / 3),
        (lambda rng, shape: rng.random(shape), 0.5),
        (lambda rng, shape: rng.normal(0, 1, shape) + rng.normal(0, 1, (3, *shape)).mean(axis=0), 0.0),
    ],
    ids=["binary", "binary x 3", "uniform", "normal x 3"],
)
def test_from_100_instances_on_the_bootstrap_covers_93_to_97_percent(
    draw: Callable[[np.random.Generator, tuple[int, int]], Array], truth: float, weights: npt.NDArray[np.uint8]
) -> None:
    values = draw(np.random.default_rng(11), (N_SAMPLES, N_INSTANCES))
    sums = [replicate(sample, weight) for sample, weight in zip(values, weights, strict=True)]
    low, high = percentile_interval(np.array([estimates(*pair) for pair in sums]))
    assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.97
