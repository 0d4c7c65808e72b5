"""Columns of the table `pairs` that follow from comparisons of models."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.contracts.paired_columns import BONETT_PRICE, BOOTSTRAP
from every_eval.contracts.pairs import DECISIONS
from every_eval.scoring.comparisons.board import BoardComparison
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.sources.columns import without_nan
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.paired_comparison import Comparison

Columns = dict[str, pa.Array]
"""Columns with one value for each pair."""


def run_columns(compared: Comparison) -> Columns:
    """Return the columns that compare the scores of pairs of runs."""
    return _columns(compared) | {"n_columns": pa.array((compared.n > 0).astype(np.int64))}


def mean_score_columns(board: BoardComparison) -> Columns:
    """Return the columns that compare the mean scores of pairs of models."""
    return _columns(board.means) | {"n_columns": pa.array(board.n_columns)}


def win_rate_columns(compared: ComparedTable) -> Columns:
    """Return the columns that compare the mean win rates of pairs of models: with bounds, and without a test."""
    rates, board = compared.table.win_rates_by_column, compared.board
    apart = rates[:, board.a] - rates[:, board.b]
    n_columns = np.sum(~np.isnan(apart), axis=0)
    total = np.nansum(apart, axis=0)
    difference = np.divide(total, n_columns, out=np.full(len(total), np.nan), where=n_columns > 0)
    least, has_score = compared.decisions.least_differences, compared.decisions.has_score
    have_same = np.all(has_score[:, board.a] == has_score[:, board.b], axis=0) & (n_columns > 0)
    low, high = (np.where(have_same, end, np.nan) for end in (least[board.a, board.b], -least[board.b, board.a]))
    unknown = np.full(len(total), np.nan)
    of_tests = ("p_value", "minimum_detectable_difference", "n_only_a", "n_only_b", "correlation")
    return {
        **{name: _whole(unknown) if name.startswith("n_") else without_nan(unknown) for name in of_tests},
        **_adjusted(len(total)),
        "n": pa.array(board.means.n),
        "n_columns": pa.array(n_columns.astype(np.int64)),
        "difference": without_nan(difference),
        "ci_low": without_nan(low),
        "ci_high": without_nan(high),
        "ci_method": _methods(low, np.full(len(low), DECISIONS)),
    }


def _columns(compared: Comparison) -> Columns:
    methods = np.where(compared.is_exact, BONETT_PRICE, BOOTSTRAP)
    return {
        **_adjusted(len(compared.n)),
        "n": pa.array(compared.n),
        "difference": without_nan(compared.difference),
        "ci_low": without_nan(compared.low),
        "ci_high": without_nan(compared.high),
        "ci_method": _methods(compared.low, methods),
        "p_value": without_nan(compared.p_value),
        "minimum_detectable_difference": without_nan(compared.detectable),
        "n_only_a": _whole(compared.n_only_a),
        "n_only_b": _whole(compared.n_only_b),
        "correlation": without_nan(compared.correlation),
    }


def _adjusted(n_pairs: int) -> Columns:
    """Return the columns of adjusted p-values, which need the p-values of all pairs."""
    return {name: pa.nulls(n_pairs, pa.float64()) for name in ("p_holm", "q_bh")}


def _methods(low: FloatArray, methods: npt.NDArray[np.str_]) -> pa.Array:
    return pa.array(methods, pa.string(), mask=np.isnan(low)).dictionary_encode()


def _whole(values: FloatArray) -> pa.Array:
    """Return values as a column of whole numbers, with null in place of NaN."""
    return without_nan(values).cast(pa.int64())
