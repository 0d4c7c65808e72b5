import math

import numpy as np

from every_eval.statistics.nulls import known, to_array, to_list


def test_null_in_a_table_is_nan_in_an_array() -> None:
    array = to_array([0.5, None])
    assert array[0] == 0.5 and math.isnan(array[1])
    assert to_list(array) == [0.5, None]
    assert known(np.float64("nan")) is None
    assert to_array([]).shape == (0,)
