import numpy as np

from every_eval.scoring.tables.response_matrix import ResponseMatrix, average
from every_eval_tests.scoring.tables.example_runs import answers


def test_runs_stand_side_by_side_and_gaps_are_nan() -> None:
    matrix = ResponseMatrix.of([answers({3: 1.0, -7: 0.5}), answers({3: 0.25, 9: 0.0}), answers({})])
    assert matrix.items.tolist() == [-7, 3, 9]
    nan = np.nan
    assert np.array_equal(matrix.values, [[0.5, nan, nan], [1.0, 0.25, nan], [nan, 0.0, nan]], equal_nan=True)
    assert ResponseMatrix.of([]).values.shape == (0, 0)


def test_numbers_that_occur_twice_are_averaged() -> None:
    items, values = average(np.array([5, 2, 5]), np.array([0.0, 0.25, 1.0]))
    assert (items.tolist(), values.tolist()) == ([2, 5], [0.25, 0.5])
