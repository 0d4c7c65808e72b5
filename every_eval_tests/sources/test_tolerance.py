import math

import numpy as np
import pytest

from every_eval.sources.tolerance import differs


@pytest.mark.parametrize(
    ("ours", "reported", "scale", "is_different"),
    [
        (1.0, 1.0, 1.0, False),
        # 1e-9 of the larger number is allowed, in either direction
        (1.0, 1.0 + 0.9e-9, math.nan, False),
        (1.0 + 0.9e-9, 1.0, math.nan, False),
        (1.0, 1.0 + 1.1e-9, math.nan, True),
        # two sums of values up to 1 that cancel: 1e-12 is allowed
        (5.6e-17, 2.8e-17, 1.0, False),
        (5.6e-17, 2.8e-17, math.nan, True),
        (2e-12, 0.0, 1.0, True),
        (math.nan, math.nan, 1.0, False),
        (math.nan, 0.0, 1.0, True),
        (0.0, math.nan, 1.0, True),
    ],
)
def test_numbers_differ_beyond_the_tolerance_and_where_one_is_undefined(
    ours: float, reported: float, scale: float, is_different: bool
) -> None:
    assert differs(np.array([ours]), np.array([reported]), np.array([scale])).tolist() == [is_different]
