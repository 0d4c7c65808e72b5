import math
from statistics import NormalDist

import pytest

from every_eval.statistics.quantiles import DETECTABLE_ERRORS, Z


def test_the_normal_quantile_leaves_95_percent_within() -> None:
    assert math.erf(Z / math.sqrt(2)) == pytest.approx(0.95, rel=1e-14)


def test_a_detectable_difference_is_found_with_80_percent_power() -> None:
    # The estimate is normal with mean 2.80 errors; a test at 5 % finds it beyond 1.96 errors, on either side.
    found = 1 - NormalDist(DETECTABLE_ERRORS).cdf(Z) + NormalDist(DETECTABLE_ERRORS).cdf(-Z)
    assert found == pytest.approx(0.8, abs=1e-5)
