import math

import numpy as np
import pytest

from every_eval.statistics.additive_fit import AdditiveFit
from every_eval.statistics.groups import BoolArray, FloatArray


def scores_with_gaps(seed: int, n_columns: int = 6, n_models: int = 9) -> FloatArray:
    rng = np.random.default_rng(seed)
    scores = rng.random((n_columns, n_models))
    scores[rng.random(scores.shape) < 0.35] = math.nan
    scores[0] = rng.random(n_models)  # The first column connects all models.
    return scores


def weights(is_measured: BoolArray) -> FloatArray:
    """Weights of the measured cells in the adjusted scores, of shape (models, cells), by NumPy's least squares."""
    n_columns, n_models = is_measured.shape
    columns, models = np.nonzero(is_measured)
    design = np.zeros((len(columns), n_models + n_columns))
    design[np.arange(len(columns)), models] = 1
    design[np.arange(len(columns)), n_models + columns] = 1
    effects = np.linalg.pinv(design)
    of_cells: FloatArray = effects[:n_models] + effects[n_models:].mean(axis=0)
    return of_cells


def test_an_adjusted_score_is_the_models_effect_and_the_mean_effect_of_columns() -> None:
    scores = scores_with_gaps(1)
    is_measured = ~np.isnan(scores)
    adjusted = AdditiveFit.of(is_measured).adjust(scores)
    assert adjusted == pytest.approx(weights(is_measured) @ scores[is_measured], rel=1e-12)


def test_two_models_are_compared_over_common_columns() -> None:
    # Columns 1 and 2 have the same effect difference for both: model 0 is 0.1 better, and has no score in column 1.
    scores = np.array([[0.9, 0.8], [math.nan, 0.4]])
    assert AdditiveFit.of(~np.isnan(scores)).adjust(scores) == pytest.approx([0.7, 0.6])


def test_a_model_with_all_columns_keeps_its_mean() -> None:
    scores = scores_with_gaps(2)
    scores[:, 3] = [0.1, 0.4, 0.2, 0.9, 0.3, 0.5]
    fit = AdditiveFit.of(~np.isnan(scores))
    assert fit.adjust(scores)[3] == pytest.approx(0.4, rel=1e-14)
    assert fit.interaction[3, 3] == pytest.approx(0, abs=1e-15)


def test_without_gaps_nothing_is_adjusted_and_no_variance_added() -> None:
    scores = np.random.default_rng(3).random((4, 5))
    fit = AdditiveFit.of(np.ones((4, 5), np.bool_))
    assert fit.adjust(scores) == pytest.approx(scores.mean(axis=0), rel=1e-14)
    assert (fit.interaction == 0).all()


def test_scores_that_are_additive_are_found_again() -> None:
    rng = np.random.default_rng(4)
    models, columns = rng.random(9), rng.random(6)
    is_measured = ~np.isnan(scores_with_gaps(5))
    scores = np.where(is_measured, models + columns[:, np.newaxis], math.nan)
    fit = AdditiveFit.of(is_measured)
    assert fit.adjust(scores) == pytest.approx(models + columns.mean(), rel=1e-12)
    assert fit.residual_mean_square(scores) == pytest.approx(0, abs=1e-28)


def test_residuals_are_those_of_least_squares() -> None:
    scores = scores_with_gaps(6)
    is_measured = ~np.isnan(scores)
    columns, models = np.nonzero(is_measured)
    design = np.zeros((len(columns), 15))
    design[np.arange(len(columns)), models] = design[np.arange(len(columns)), 9 + columns] = 1
    values = scores[is_measured]
    residuals = values - design @ (np.linalg.pinv(design) @ values)
    fit = AdditiveFit.of(is_measured)
    assert fit.freedom == len(values) - 14
    assert fit.residual_mean_square(scores) == pytest.approx((residuals**2).sum() / fit.freedom, rel=1e-10)


def test_the_added_variance_is_that_of_the_weights() -> None:
    is_measured = ~np.isnan(scores_with_gaps(7))
    n_columns, n_models = is_measured.shape
    target = np.zeros((n_models, n_columns, n_models))
    target[np.arange(n_models), :, np.arange(n_models)] = 1 / n_columns
    error = -target
    error[:, is_measured] += weights(is_measured)
    expected = error.reshape(n_models, -1) @ error.reshape(n_models, -1).T
    assert AdditiveFit.of(is_measured).interaction == pytest.approx(expected, abs=1e-13)


def test_weights_of_columns_are_those_of_least_squares() -> None:
    is_measured = ~np.isnan(scores_with_gaps(9))
    expected = np.zeros((9, *is_measured.shape))
    expected[:, is_measured] = weights(is_measured)
    fit = AdditiveFit.of(is_measured)
    for column in range(6):
        assert fit.weights(column) == pytest.approx(expected[:, column], abs=1e-13)


def test_the_projection_is_that_of_least_squares() -> None:
    is_measured = ~np.isnan(scores_with_gaps(10))
    columns, models = np.nonzero(is_measured)
    design = np.zeros((len(columns), 15))
    design[np.arange(len(columns)), models] = design[np.arange(len(columns)), 9 + columns] = 1
    hat = design @ np.linalg.pinv(design)
    fit = AdditiveFit.of(is_measured)
    for column in range(6):
        of_column = np.flatnonzero(columns == column)
        found = fit.projection(column)[np.ix_(models[of_column], models[of_column])]
        assert found == pytest.approx(hat[np.ix_(of_column, of_column)], abs=1e-12)


def test_replicates_are_adjusted_each_by_itself() -> None:
    replicates = np.random.default_rng(8).random((6, 9, 4))
    fit = AdditiveFit.of(~np.isnan(scores_with_gaps(8)))
    together, squares = fit.adjust(replicates), fit.residual_mean_square(replicates)
    for r in range(4):
        assert together[:, r].tolist() == fit.adjust(replicates[..., r]).tolist()
        assert squares[r] == fit.residual_mean_square(replicates[..., r])


def test_models_outside_the_largest_connected_part_have_no_adjusted_score() -> None:
    # Models 0 and 1 share columns 0 and 1; model 2 alone has column 2; column 3 is empty.
    is_measured = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]], np.bool_)
    scores = np.where(is_measured, np.array([[0.5, 0.7, 0], [0.1, 0.5, 0], [0, 0, 0.9], [0, 0, 0]]), math.nan)
    fit = AdditiveFit.of(is_measured)
    adjusted = fit.adjust(scores)
    assert adjusted[:2] == pytest.approx([0.3, 0.6])
    assert np.isnan(adjusted[2]) and np.isnan(fit.interaction[2]).all()
    assert (fit.n_columns, fit.has_model.tolist()) == (2, [True, True, False])


def test_of_parts_of_equal_size_the_one_with_the_first_model_is_taken() -> None:
    fit = AdditiveFit.of(np.array([[0, 1, 0], [1, 0, 0]], np.bool_))
    assert fit.has_model.tolist() == [True, False, False]


def test_a_table_without_a_score_has_no_fit() -> None:
    fit = AdditiveFit.of(np.zeros((2, 2), np.bool_))
    assert np.isnan(fit.adjust(np.full((2, 2), math.nan))).all()
    assert math.isnan(fit.residual_mean_square(np.full((2, 2), math.nan)))
    assert AdditiveFit.of(np.zeros((0, 0), np.bool_)).adjust(np.zeros((0, 0))).shape == (0,)
