import numpy as np
import pytest

from every_eval.statistics.paired_comparison import all_pairs
from every_eval.statistics.paired_draws import DrawnSums


@pytest.mark.parametrize("missing", [0, 0.1, 0.8])
def test_sums_are_those_of_the_common_items(missing: float) -> None:
    rng = np.random.default_rng(3)
    numbers = np.rint(rng.normal(0, 2**31, (6, 50)))
    numbers[rng.random(numbers.shape) < missing] = np.nan
    draws = rng.poisson(1, (50, 4)).astype(np.float64)
    a, b = all_pairs(6)
    sums = DrawnSums(numbers)
    differences, weights = sums.differences(draws, a, b), sums.weights(draws, a, b)
    for pair, (first, second) in enumerate(zip(a, b, strict=True)):
        common = ~np.isnan(numbers[first]) & ~np.isnan(numbers[second])
        expected = ((numbers[first] - numbers[second])[common, np.newaxis] * draws[common]).sum(axis=0)
        assert differences[pair].tolist() == expected.tolist()
        assert weights[pair].tolist() == draws[common].sum(axis=0).tolist()
